#pragma once

#include "core/fixed_string.hpp"
#include "core/hex.hpp"
#include "format/config.hpp"
#include "format/json_reader.hpp"
#include "format/json_writer.hpp"
#include "hardware/battery.hpp"
#include "hash/sha256.hpp"
#include "scheduler/health_log.hpp"
#include "storage/atomic_file.hpp"

namespace ota {

/// Whether now is the time, and if not, why in a sentence.
struct schedule_decision {
  bool allowed = true;
  std::uint32_t seconds = 0;  ///< to wait before asking again, where that is known
  fixed_string<120> reason;
};

/// The place of a device in the rollout of a version, 0 to 99: the first 8 hexadecimal digits of
/// SHA-256("version:device"), modulo 100, as 0x687931/ota draws it.
inline std::uint32_t canary_place(std::string_view version, std::string_view device) {
  sha256 hash;
  hash.update(as_bytes(version));
  hash.update(as_bytes(":"));
  hash.update(as_bytes(device));
  const auto digest = hash.finish();
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | digest[static_cast<std::size_t>(i)];
  return number % 100;
}

/// Whether `hour` lies in a window from `start` to before `end`, which may pass midnight. A window
/// without a start or an end (-1) is always open; one that ends where it starts never is.
constexpr bool is_in_window(int hour, int start, int end) {
  if (start < 0 || end < 0) return true;
  if (start <= end) return start <= hour && hour < end;
  return hour >= start || hour < end;
}

/// Says whether now is the time for an update, by the formulas of 0x687931/ota: at most one check
/// an interval, no update on a device that crashes, on a low battery, outside the window, before
/// the rollout has come to it, or without sun. What is not known (time, battery) forbids nothing.
template <class Storage, class Hardware>
class scheduler {
 public:
  static constexpr const char* last_check_path = "ota_last_check.json";

  scheduler(Storage& storage, Hardware& hardware, const config& settings)
      : storage_(storage), hardware_(hardware), settings_(settings) {}

  /// Whether enough time has passed since the last check. A last check in the future means that
  /// the clock was set back since: then it is not waited for, as the original would for ever.
  schedule_decision may_check() {
    const std::uint64_t now = hardware_.now();
    const std::uint32_t interval = rules().min_update_interval_sec;
    const std::uint64_t last = last_check();
    if (now == 0 || last == 0 || last > now || now - last >= interval) return {};
    const auto left = static_cast<std::uint32_t>(interval - (now - last));
    schedule_decision no = refuse("waiting: the next check is due in ", left);
    no.reason.append(" s");
    no.seconds = left;
    return no;
  }

  /// Whether `version` may be installed now.
  schedule_decision may_update(std::string_view version) {
    if (auto no = check_health(); !no.allowed) return no;
    const battery_scale scale{settings_.battery_divider_ratio_milli, settings_.battery_v_max_milli,
                              settings_.battery_v_min_milli};
    const int raw = hardware_.battery_raw();
    if (is_battery_below(raw, scale, rules().min_battery_percent)) {
      schedule_decision no = refuse("waiting: the battery is at ",
                                    static_cast<std::uint32_t>(battery_percent(raw, scale)));
      no.reason.append(" %, ").append_number(rules().min_battery_percent).append(" % are needed");
      return no;
    }
    const int hour = hardware_.hour();
    const int start = rules().update_window_start_hour, end = rules().update_window_end_hour;
    if (hour >= 0 && !is_in_window(hour, start, end)) {
      schedule_decision no =
          refuse("waiting: updates are made from ", static_cast<std::uint32_t>(start));
      no.reason.append(":00 to ").append_number(static_cast<std::uint64_t>(end));
      no.reason.append(":00, it is ").append_number(static_cast<std::uint64_t>(hour));
      no.reason.append(" o'clock");
      return no;
    }
    const std::uint32_t place = canary_place(version, hardware_.unique_id());
    if (place >= rules().rollout_percent) {
      schedule_decision no = refuse("waiting: the rollout is at ", rules().rollout_percent);
      no.reason.append(" %, this device is at place ").append_number(place).append(" of 100");
      return no;
    }
    if (rules().power_source == "solar" && hour >= 0 && (hour < 10 || hour > 15)) {
      schedule_decision no = refuse(
          "waiting for the sun: updates are made from 10:00 to 16:00, "
          "it is ",
          static_cast<std::uint32_t>(hour));
      no.reason.append(" o'clock");
      return no;
    }
    return {};
  }

  /// Notes that a check was made now.
  result<void> record_check() {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return {};
    fixed_string<48> text;
    json_writer(text).begin_object().key("last_check").number(now).end_object();
    return write_if_changed(storage_, last_check_path, layout::temporary, as_bytes(text.view()));
  }

  /// The events that health deferral looks at.
  health_log<Storage> health() {
    return health_log<Storage>(storage_, rules().error_history_limit);
  }

 private:
  const scheduling_config& rules() const { return settings_.scheduling; }

  static schedule_decision refuse(std::string_view text, std::uint32_t number) {
    schedule_decision no;
    no.allowed = false;
    no.reason.append(text).append_number(number);
    return no;
  }

  schedule_decision check_health() {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return {};
    // An event in the future counts as recent: the clock is wrong, the crash is not.
    const auto crashes = health().count_since(health_kind::crash, now > 86400 ? now - 86400 : 0);
    const std::uint32_t count = crashes.value_or(0);
    if (count <= rules().max_crashes_before_delay) return {};
    schedule_decision no = refuse("waiting: the device crashed ", count);
    no.reason.append(" times in the last 24 hours");
    return no;
  }

  std::uint64_t last_check() {
    std::uint8_t text[64];
    const auto size = storage_.read(last_check_path, 0, text);
    if (!size) return 0;
    json_reader<16> reader;
    reader.feed({text, *size});
    reader.finish();
    bool found = false;
    for (;;) {
      const auto event = reader.next();
      if (!event || *event == json_event::end || *event == json_event::need_input) return 0;
      if (*event == json_event::key) found = reader.text() == "last_check";
      if (*event == json_event::number && found) return reader.as_u64().value_or(0);
    }
  }

  Storage& storage_;
  Hardware& hardware_;
  const config& settings_;
};

}  // namespace ota
