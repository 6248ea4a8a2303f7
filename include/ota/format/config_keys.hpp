#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "../core/text.hpp"
#include "config.hpp"
#include "json_number.hpp"

namespace ota::detail {

/// What kind of value a key takes.
enum class config_kind : std::uint8_t {
  unknown,
  text,
  flag,
  whole,
  large,
  signed_whole,
  decimal,
  reset,
  list,
  pins,
  scheduling
};

/// A key's name, a literal, and where its value goes.
struct config_slot {
  const char* name = nullptr;
  config_kind kind = config_kind::unknown;
  void* place = nullptr;

  /// The value's place; `T` follows from `kind`.
  template <class T>
  T* at() const {
    return static_cast<T*>(place);
  }
};

template <class Owner, class Value>
struct config_key {
  const char* name;
  Value Owner::*member;
};

inline constexpr config_key<config, std::string_view> config_texts[] = {
    {"owner", &config::owner},
    {"repo", &config::repo},
    {"ssid", &config::ssid},
    {"password", &config::password},
    {"channel", &config::channel},
    {"branch", &config::branch},
    {"tag", &config::tag},
    {"token", &config::token},
    {"api", &config::api},
    {"raw", &config::raw},
    {"web", &config::web},
    {"user_agent", &config::user_agent},
    {"manifest_key", &config::manifest_key},
    {"trusted_root", &config::trusted_root},
    {"trusted_root_file", &config::trusted_root_file},
    {"product", &config::product},
    {"hardware", &config::hardware},
    {"tls_ca_file", &config::tls_ca_file},
    {"token_file", &config::token_file},
    {"token_env", &config::token_env},
    {"manifest_key_file", &config::manifest_key_file},
    {"manifest_key_env", &config::manifest_key_env},
    {"stage_dir", &config::stage_dir},
    {"backup_dir", &config::backup_dir},
    {"wifi_ssid", &config::wifi_ssid},
    {"wifi_password", &config::wifi_password},
    {"cellular_apn", &config::cellular_apn},
    {"cellular_tech", &config::cellular_tech}};

inline constexpr config_key<config, bool> config_flags[] = {
    {"force", &config::force},
    {"debug", &config::debug},
    {"allow_links", &config::allow_links},
    {"jitter", &config::jitter},
    {"enable_delta_updates", &config::enable_delta_updates},
    {"metered", &config::metered},
    {"wifi_enabled", &config::wifi_enabled},
    {"cellular_enabled", &config::cellular_enabled},
    {"lora_enabled", &config::lora_enabled}};

inline constexpr config_key<config, std::uint32_t> config_numbers[] = {
    {"chunk", &config::chunk},
    {"connect_timeout_sec", &config::connect_timeout_sec},
    {"min_bytes_per_sec", &config::min_bytes_per_sec},
    {"http_timeout_sec", &config::http_timeout_sec},
    {"retries", &config::retries},
    {"http_retries", &config::http_retries},
    {"backoff_sec", &config::backoff_sec},
    {"max_backoff_sec", &config::max_backoff_sec},
    {"trial_boots", &config::trial_boots},
    {"min_free_mem", &config::min_free_mem},
    {"min_cpu_mhz", &config::min_cpu_mhz},
    {"max_tree_size_kb", &config::max_tree_size_kb},
    {"max_tree_files", &config::max_tree_files},
    {"watchdog_timeout_ms", &config::watchdog_timeout_ms},
    {"wifi_timeout_sec", &config::wifi_timeout_sec},
    {"cellular_baud", &config::cellular_baud},
    {"lora_freq", &config::lora_freq}};

inline constexpr config_key<config, std::uint32_t> config_decimals[] = {
    {"battery_divider_ratio", &config::battery_divider_ratio_milli},
    {"battery_v_max", &config::battery_v_max_milli},
    {"battery_v_min", &config::battery_v_min_milli},
    {"cellular_cost_per_mb", &config::cellular_cost_per_mb_milli}};

inline constexpr config_key<config, std::int32_t> config_signed[] = {
    {"status_led_pin", &config::status_led_pin},   {"battery_adc_pin", &config::battery_adc_pin},
    {"cellular_uart", &config::cellular_uart},     {"cellular_tx_pin", &config::cellular_tx_pin},
    {"cellular_rx_pin", &config::cellular_rx_pin}, {"lora_cs_pin", &config::lora_cs_pin},
    {"lora_rst_pin", &config::lora_rst_pin}};

inline constexpr config_key<config, list_view<std::string_view>> config_lists[] = {
    {"allow", &config::allow},
    {"ignore", &config::ignore},
    {"delete_patterns", &config::delete_patterns},
    {"tls_pins", &config::tls_pins}};

inline constexpr config_key<scheduling_config, std::uint32_t> scheduling_numbers[] = {
    {"min_update_interval_sec", &scheduling_config::min_update_interval_sec},
    {"min_battery_percent", &scheduling_config::min_battery_percent},
    {"max_crashes_before_delay", &scheduling_config::max_crashes_before_delay},
    {"rollout_percent", &scheduling_config::rollout_percent},
    {"error_history_limit", &scheduling_config::error_history_limit}};

inline constexpr config_key<scheduling_config, std::int32_t> scheduling_signed[] = {
    {"update_window_start_hour", &scheduling_config::update_window_start_hour},
    {"update_window_end_hour", &scheduling_config::update_window_end_hour}};

/// Where a table has `key`, the slot becomes that key's.
template <class Owner, class Value, std::size_t N>
void find_in(const config_key<Owner, Value> (&table)[N], Owner& owner, std::string_view key,
             config_kind kind, config_slot& slot) {
  for (const auto& one : table)
    if (key == one.name) slot = {one.name, kind, &(owner.*one.member)};
}

/// The slot of a key of `update_scheduling`; those may stand at the top level as well.
inline config_slot find_scheduling_slot(scheduling_config& into, std::string_view key) {
  config_slot slot;
  find_in(scheduling_numbers, into, key, config_kind::whole, slot);
  find_in(scheduling_signed, into, key, config_kind::signed_whole, slot);
  if (key == "power_source"sv) slot = {"power_source", config_kind::text, &into.power_source};
  return slot;
}

/// The slot of a key at the top level.
inline config_slot find_slot(config& into, std::string_view key) {
  config_slot slot = find_scheduling_slot(into.scheduling, key);
  find_in(config_texts, into, key, config_kind::text, slot);
  find_in(config_flags, into, key, config_kind::flag, slot);
  find_in(config_numbers, into, key, config_kind::whole, slot);
  find_in(config_decimals, into, key, config_kind::decimal, slot);
  find_in(config_signed, into, key, config_kind::signed_whole, slot);
  find_in(config_lists, into, key, config_kind::list, slot);
  if (key == "min_free_storage"sv)
    slot = {"min_free_storage", config_kind::large, &into.min_free_storage};
  if (key == "reset_mode"sv) slot = {"reset_mode", config_kind::reset, &into.reset};
  if (key == "lora_spi_pins"sv) slot = {"lora_spi_pins", config_kind::pins, into.lora_spi_pins};
  if (key == "update_scheduling"sv)
    slot = {"update_scheduling", config_kind::scheduling, &into.scheduling};
  return slot;
}

/// What a value must be that has a wrong kind.
inline const char* wanted_value(config_kind kind) {
  const char* text = "must be a whole number from 0 to 4294967295";
  switch (kind) {
    case config_kind::text:
      text = "must be a text";
      break;
    case config_kind::flag:
      text = "must be true or false";
      break;
    case config_kind::large:
      text = "must be a whole number from 0 on";
      break;
    case config_kind::signed_whole:
      text = "must be a whole number";
      break;
    case config_kind::decimal:
      text = "must be a number from 0 to 4000000, without exponent";
      break;
    case config_kind::reset:
      text = "must be hard, soft or none";
      break;
    case config_kind::list:
      text = "must be a list of texts";
      break;
    case config_kind::pins:
      text = "must be a list of three pins: SCK, MOSI, MISO";
      break;
    case config_kind::scheduling:
      text = "must be an object";
      break;
    default:
      break;
  }
  return text;
}

inline constexpr error number_over_range{errc::too_long, "config", "a number is too large"};
inline constexpr error number_with_exponent{errc::malformed, "config", "a number without exponent"};

/// A decimal number in thousandths, rounded to the nearest: "0.5" is 500. No sign, no exponent.
inline result<std::uint32_t> parse_thousandths(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = parse_u64(slice(text, 0, point));
  if (!whole) return whole.error();
  if (*whole > 4000000) return number_over_range;
  auto value = static_cast<std::uint32_t>(*whole);
  const std::string_view digits =
      point == std::string_view::npos ? std::string_view{} : slice(text, point + 1);
  for (std::size_t i = 0; i < digits.size() || i < 3; ++i) {
    const char digit = i < digits.size() ? digits[i] : '0';
    if (!is_digit(digit)) return number_with_exponent;
    if (i < 3) value = value * 10 + static_cast<std::uint32_t>(digit - '0');
    if (i == 3 && digit >= '5') ++value;
  }
  return value;
}

inline bool parse_i32(std::string_view text, std::int32_t& into) {
  const auto value = parse_i64(text);
  if (!value || *value < std::numeric_limits<std::int32_t>::min() ||
      *value > std::numeric_limits<std::int32_t>::max())
    return false;
  into = static_cast<std::int32_t>(*value);
  return true;
}

/// Whether a key counts seconds: python's clients may give fractions of them, which are dropped.
inline bool is_seconds(std::string_view key) {
  return key.size() > 4 && slice(key, key.size() - 4) == "_sec"sv;
}

/// Gives a slot a number, from its source text; false when it does not take this one.
inline bool assign_number(const config_slot& slot, std::string_view text) {
  if (slot.kind == config_kind::signed_whole) return parse_i32(text, *slot.at<std::int32_t>());
  if (slot.kind == config_kind::decimal) {
    const auto value = parse_thousandths(text);
    if (value) *slot.at<std::uint32_t>() = *value;
    return value.has_value();
  }
  auto value = parse_u64(text);
  if (!value && is_seconds(slot.name)) {
    const auto fraction = parse_thousandths(text);
    if (fraction) value = *fraction / 1000;
  }
  if (!value) return false;
  if (slot.kind == config_kind::large) {
    *slot.at<std::uint64_t>() = *value;
    return true;
  }
  if (slot.kind != config_kind::whole || *value > 0xffffffff) return false;
  *slot.at<std::uint32_t>() = static_cast<std::uint32_t>(*value);
  return true;
}

/// Gives a slot a text, which must stay in place; false when it does not take this one.
inline bool assign_text(const config_slot& slot, std::string_view text) {
  if (slot.kind == config_kind::text) {
    *slot.at<std::string_view>() = text;
    return true;
  }
  if (slot.kind != config_kind::reset) return false;
  if (text == "hard"sv)
    *slot.at<reset_mode>() = reset_mode::hard;
  else if (text == "soft"sv)
    *slot.at<reset_mode>() = reset_mode::soft;
  else if (text == "none"sv)
    *slot.at<reset_mode>() = reset_mode::none;
  else
    return false;
  return true;
}

}  // namespace ota::detail
