#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../core/fixed_vector.hpp"
#include "../core/path.hpp"
#include "../core/result.hpp"
#include "../core/text.hpp"
#include "reset_mode.hpp"
#include "url.hpp"

namespace ota {

/// When an update may happen. In a document its keys stand at the top level or under
/// `update_scheduling`.
struct scheduling_config {
  bool present = false;  ///< the document holds `update_scheduling`: the scheduler is asked

  std::uint32_t min_update_interval_sec = 3600;  ///< between two checks
  std::int32_t update_window_start_hour = -1;    ///< 0 to 23, local time; -1: any hour
  std::int32_t update_window_end_hour = -1;      ///< the first hour outside; -1: any hour
  std::string_view power_source;                 ///< `solar`: only from 10 to 16 o'clock
  std::uint32_t min_battery_percent = 0;         ///< 0: any charge
  std::uint32_t max_crashes_before_delay = 3;    ///< within the last 24 hours
  std::uint32_t rollout_percent = 100;           ///< part of all devices that takes a version
  std::uint32_t error_history_limit = 100;       ///< events kept of a kind
};

/// The base of GitHub's own REST API.
inline constexpr std::string_view github_api = "https://api.github.com";

/// All that a device can be told, with the names and defaults of 0x687931/ota's configuration.
///
/// A plain struct of views: the texts live with whoever fills it, a `config_document` or the
/// program's own literals. A pin of -1 is no pin. What is asked for most comes first: a Cortex-M0+
/// reaches it by shorter code.
struct config {
  // ---- yes or no ----
  bool force = false;                   ///< update although nothing is new
  bool debug = false;                   ///< tell more
  bool allow_links = false;             ///< take a symbolic link as a file that holds its target
  bool enable_delta_updates = false;    ///< use the patches in the tree of a version
  bool metered = false;                 ///< bytes cost: the same
  bool jitter = false;                  ///< waits vary by chance, so that a fleet spreads
  reset_mode reset = reset_mode::hard;  ///< key `reset_mode`

  // ---- what to follow ----
  std::string_view owner;               ///< account on the Git host; required
  std::string_view repo;                ///< repository; required
  std::string_view channel = "stable";  ///< `stable`: releases; `developer`: a branch's tip
  std::string_view branch = "main";     ///< of the developer channel
  std::string_view tag;                 ///< a fixed release; empty: the latest
  std::string_view token;               ///< for private repositories; empty: none
  std::string_view api = github_api;    ///< base of the REST API
  std::string_view raw = "https://raw.githubusercontent.com";  ///< base of the raw files
  std::string_view web;  ///< base of the web site; see `web_base`
  std::string_view user_agent = "ota-updater";

  // ---- how ----
  std::uint64_t min_free_storage = 0;     ///< bytes
  std::uint32_t min_free_mem = 0;         ///< bytes
  std::uint32_t max_tree_size_kb = 0;     ///< longest list of files; 0: 256 MB, a manifest 32 MB
  std::uint32_t max_tree_files = 0;       ///< longest list; 0: any
  std::uint32_t chunk = 1024;             ///< bytes moved at a time; see `effective_chunk`
  std::uint32_t http_retries = 3;         ///< attempts of a request
  std::uint32_t backoff_sec = 3;          ///< before the second attempt; doubled each time …
  std::uint32_t max_backoff_sec = 60;     ///< … up to this
  std::uint32_t trial_boots = 1;          ///< starts that an unconfirmed version has
  std::uint32_t retries = 5;              ///< attempts to join a network
  std::uint32_t connect_timeout_sec = 0;  ///< 0: as the HTTP policy has it
  std::uint32_t http_timeout_sec = 10;
  std::uint32_t min_bytes_per_sec = 8;  ///< a server that sends less for 30 s is given up
  std::uint32_t min_cpu_mhz = 0;
  std::uint32_t watchdog_timeout_ms = 0;        ///< 0: no watchdog
  std::string_view stage_dir = ".ota_stage";    ///< of the original client, for a changeover
  std::string_view backup_dir = ".ota_backup";  ///< of the original client, for a changeover

  // ---- which files ----
  list_view<std::string_view> allow;            ///< paths and directories; empty: all
  list_view<std::string_view> ignore;           ///< wins over `allow`
  list_view<std::string_view> delete_patterns;  ///< below these, what is not in the version goes

  // ---- whom to trust ----
  std::string_view manifest_key;  ///< of the manifest's HMAC; empty: not checked
  std::string_view trusted_root;  ///< root document of signed manifests; see docs/signed-updates.md
  std::string_view product = "default";  ///< what a signed manifest must be for
  std::string_view hardware;             ///< the same, where the manifest names hardware
  std::string_view tls_ca_file;          ///< authorities that https trusts; empty: the system's
  list_view<std::string_view> tls_pins;  ///< public keys that https trusts; empty: any

  // ---- where `ota update` finds secrets and keys that are not in the document ----
  std::string_view token_file;  ///< a file that holds the token
  std::string_view token_env;   ///< the name of an environment variable that does
  std::string_view manifest_key_file;
  std::string_view manifest_key_env;
  std::string_view trusted_root_file;  ///< a file that holds the root document

  // ---- when ----
  scheduling_config scheduling;

  // ---- board ----
  std::int32_t status_led_pin = -1;
  std::int32_t battery_adc_pin = -1;
  std::uint32_t battery_divider_ratio_milli = 1000;  ///< key `battery_divider_ratio`, thousandths
  std::uint32_t battery_v_max_milli = 4200;          ///< key `battery_v_max`, in mV
  std::uint32_t battery_v_min_milli = 3000;          ///< key `battery_v_min`, in mV

  // ---- links ----
  bool wifi_enabled = true;
  bool cellular_enabled = false;
  bool lora_enabled = false;
  std::string_view ssid;      ///< older name of `wifi_ssid`
  std::string_view password;  ///< older name of `wifi_password`
  std::string_view wifi_ssid;
  std::string_view wifi_password;
  std::uint32_t wifi_timeout_sec = 20;
  std::string_view cellular_apn;
  std::string_view cellular_tech;  ///< `nbiot`, `lte-m` or other
  std::int32_t cellular_uart = 1;
  std::int32_t cellular_tx_pin = 4;
  std::int32_t cellular_rx_pin = 5;
  std::uint32_t cellular_baud = 115200;
  std::uint32_t cellular_cost_per_mb_milli = 500;  ///< key `cellular_cost_per_mb`, thousandths
  std::int32_t lora_spi_pins[3] = {18, 19, 16};    ///< SCK, MOSI, MISO
  std::int32_t lora_cs_pin = 17;
  std::int32_t lora_rst_pin = 20;
  std::uint32_t lora_freq = 915000000;  ///< Hz
};

/// Bytes to move at a time: what was configured, at most 4096 and a quarter of the free memory
/// (in bytes; 0: unknown), at least 256.
constexpr std::size_t effective_chunk(std::uint32_t configured, std::size_t free_memory) {
  std::size_t size = configured < 4096 ? configured : 4096;
  if (free_memory != 0 && free_memory / 4 < size) size = free_memory / 4;
  return size < 256 ? 256 : size;
}

/// A number of KB in bytes; more than the machine can count is as much as it can.
constexpr std::size_t kilobytes(std::uint32_t count) {
  const std::uint64_t size = std::uint64_t{count} * 1024;
  return size < SIZE_MAX ? static_cast<std::size_t>(size) : SIZE_MAX;
}

/// Whether versions are releases, the latest or a fixed one; otherwise they are a branch's tips.
constexpr bool follows_release(const config& settings) {
  return settings.channel == "stable"sv || !settings.tag.empty();
}

/// The base of the Git host's web site, or nothing where it is not known: `web`, or GitHub's own
/// where the API is GitHub's own.
constexpr std::string_view web_base(const config& settings) {
  const bool is_github = settings.web.empty() && settings.api == github_api;
  return is_github ? "https://github.com"sv : settings.web;
}

namespace detail {

constexpr bool is_repository_name(std::string_view name) {
  for (char c : name)
    if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.') return false;
  return !name.empty() && name != "."sv && name != ".."sv;
}

/// What `validate` finds: `where` is the key at fault.
namespace bad_config {

inline constexpr error no_owner{errc::invalid_argument, "owner",
                                "`owner` must name the account that holds the repository"};
inline constexpr error no_repo{errc::invalid_argument, "repo",
                               "`repo` must name the repository to follow"};
inline constexpr error bad_owner{errc::invalid_argument, "owner",
                                 "`owner` may hold letters, digits and - _ . only"};
inline constexpr error bad_repo{errc::invalid_argument, "repo",
                                "`repo` may hold letters, digits and - _ . only"};
inline constexpr error bad_channel{errc::invalid_argument, "channel",
                                   "`channel` must be stable or developer"};
inline constexpr error bad_branch{
    errc::invalid_argument, "branch",
    "`branch` must name the branch that the developer channel follows"};
inline constexpr error bad_api{errc::invalid_argument, "api", "`api` must be an http or https URL"};
inline constexpr error bad_raw{errc::invalid_argument, "raw", "`raw` must be an http or https URL"};
inline constexpr error bad_web{errc::invalid_argument, "web",
                               "`web` must be an http or https URL, or empty"};
inline constexpr error bad_stage_dir{errc::invalid_argument, "stage_dir",
                                     "`stage_dir` must be a relative path"};
inline constexpr error bad_backup_dir{errc::invalid_argument, "backup_dir",
                                      "`backup_dir` must be a relative path"};
inline constexpr error bad_token{errc::invalid_argument, "token",
                                 "`token` holds a space or a control character"};
inline constexpr error bad_user_agent{errc::invalid_argument, "user_agent",
                                      "`user_agent` holds a control character"};
inline constexpr error bad_update_window_start_hour{errc::invalid_argument,
                                                    "update_window_start_hour",
                                                    "`update_window_start_hour` must be 0 to 23"};
inline constexpr error bad_update_window_end_hour{errc::invalid_argument, "update_window_end_hour",
                                                  "`update_window_end_hour` must be 0 to 24"};
inline constexpr error bad_trial_boots{errc::invalid_argument, "trial_boots",
                                       "`trial_boots` must be at least 1: the start that confirms"};

}  // namespace bad_config

}  // namespace detail

/// Whether an update can be made with these settings. The error's `where` is the key at fault.
constexpr result<void> validate(const config& settings) {
  namespace bad_config = detail::bad_config;
  if (settings.owner.empty() || detail::has_form(settings.owner, "your_github_username"))
    return bad_config::no_owner;
  if (settings.repo.empty() || detail::has_form(settings.repo, "your_repo_name"))
    return bad_config::no_repo;
  if (!detail::is_repository_name(settings.owner)) return bad_config::bad_owner;
  if (!detail::is_repository_name(settings.repo)) return bad_config::bad_repo;
  if (settings.channel != "stable"sv && settings.channel != "developer"sv)
    return bad_config::bad_channel;
  if (settings.tag.empty() && settings.channel == "developer"sv && settings.branch.empty())
    return bad_config::bad_branch;
  if (!parse_url(settings.api)) return bad_config::bad_api;
  if (!parse_url(settings.raw)) return bad_config::bad_raw;
  if (!settings.web.empty() && !parse_url(settings.web)) return bad_config::bad_web;
  if (!is_valid_path(settings.stage_dir)) return bad_config::bad_stage_dir;
  if (!is_valid_path(settings.backup_dir)) return bad_config::bad_backup_dir;
  if (!detail::is_url_text(settings.token)) return bad_config::bad_token;
  if (!detail::is_printable(settings.user_agent, ' ')) return bad_config::bad_user_agent;
  if (settings.scheduling.update_window_start_hour > 23)
    return bad_config::bad_update_window_start_hour;
  if (settings.scheduling.update_window_end_hour > 24)
    return bad_config::bad_update_window_end_hour;
  if (settings.trial_boots == 0) return bad_config::bad_trial_boots;
  return {};
}

}  // namespace ota
