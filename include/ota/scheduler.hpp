#pragma once

#include "core/fixed_string.hpp"
#include "core/text.hpp"
#include "format/config.hpp"
#include "hardware/battery.hpp"
#include "hardware/no_hardware.hpp"
#include "scheduler/health_log.hpp"
#include "scheduler/rules.hpp"

namespace ota {

/// Whether now is the time, and if not, why in a sentence.
struct schedule_decision {
  bool allowed = true;
  /// To wait, at the least, before asking again can help; 0: not known, or nothing to wait for.
  std::uint32_t seconds = 0;
  /// Also where it is allowed: what could not be asked, if anything.
  fixed_string<120> reason;
};

/// Says whether now is the time for an update, by the formulas of 0x687931/ota: at most one check
/// an interval, no update on a device that crashes, on a low battery, outside the window, before
/// the rollout has come to it, or without sun.
///
/// What is not known forbids nothing. Where `now()` is 0 the interval between checks and the
/// crashes of the last day are left out, where `hour()` is -1 the window and the sun; the decision
/// then is allowed and its reason says so.
template <class Storage, class Hardware>
class scheduler {
 public:
  static constexpr std::string_view last_check_path = "ota_last_check.json";

  scheduler(Storage& storage, Hardware& hardware, const config& settings)
      : storage_(storage), hardware_(hardware), settings_(settings) {}

  /// Whether enough time has passed since the last check. A last check in the future means that
  /// the clock was set back since; it is not waited for, as the original would, perhaps for years.
  schedule_decision may_check() {
    schedule_decision said;
    const std::uint64_t now = hardware_.now();
    const std::uint64_t last = now == 0 ? 0 : last_check();
    const std::uint64_t passed = now - last;
    const std::uint32_t interval = rules().min_update_interval_sec;
    if (last != 0 && last <= now && passed < interval) {
      said.seconds = interval - static_cast<std::uint32_t>(passed);
      refuse(said, "waiting: the next check is due in "sv, said.seconds, " s");
    }
    add_doubt(said);
    return said;
  }

  /// Whether `version` may be installed now. The first rule that says no is told.
  schedule_decision may_update(std::string_view version) {
    schedule_decision said;
    ask_health(said);
    if (said.allowed) ask_battery(said);
    if (said.allowed) ask_window(said);
    if (said.allowed) ask_rollout(said, version);
    if (said.allowed) ask_sun(said);
    add_doubt(said);
    return said;
  }

  /// Notes that a check was made now.
  result<void> record_check() {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return {};
    fixed_string<48> text;
    json_writer(text).begin_object().key("last_check"sv).number(now).end_object();
    return write_if_changed(storage_, last_check_path, layout::temporary, as_bytes(text.view()));
  }

  /// Whether the configuration asks for any of this.
  bool has_rules() const { return rules().present; }

  /// Notes in the health log that an update to `version` was made, or failed for a reason.
  void record_update(std::string_view version, std::string_view failure) {
    if (hardware_.now() != 0) (void)health().add_update(hardware_.now(), version, failure);
  }

  /// The log of events, of which crashes defer updates.
  health_log<Storage> health() {
    return health_log<Storage>(storage_, rules().error_history_limit);
  }

 private:
  const scheduling_config& rules() const { return settings_.scheduling; }

  static void refuse(schedule_decision& said, std::string_view before, std::uint32_t number,
                     std::string_view after) {
    said.allowed = false;
    said.reason.append(before).append_number(number).append(after);
  }

  // Refuses until an hour of the day.
  void refuse_until(schedule_decision& said, std::string_view before, int opens, int hour) {
    said.allowed = false;
    said.reason.append(before);
    detail::append_hour(said.reason, opens);
    said.reason.append(", it is past ");
    detail::append_hour(said.reason, hour);
    said.seconds = detail::seconds_until_hour(opens, hour, hardware_.now());
  }

  void add_doubt(schedule_decision& said) {
    if (said.allowed && (hardware_.now() == 0 || hardware_.hour() < 0))
      said.reason.append("the time is not known: rules that need it were left out");
  }

  void ask_health(schedule_decision& said) {
    const std::uint64_t now = hardware_.now();
    if (now == 0) return;
    // A crash in the future counts as well: the clock was wrong, the crash was real.
    const std::uint64_t since = now < detail::seconds_a_day ? 1 : now - detail::seconds_a_day + 1;
    const std::uint32_t count = health().count_since(health_kind::crash, since).value_or(0);
    if (count > rules().max_crashes_before_delay)
      refuse(said, "waiting: the device crashed "sv, count, " times in the last 24 hours");
  }

  void ask_battery(schedule_decision& said) {
    const std::uint32_t least = rules().min_battery_percent;
    if (least == 0) return;
    const int charge = battery_charge();
    if (charge < 0 || static_cast<std::uint32_t>(charge) >= least) return;
    refuse(said, "waiting: the battery is at "sv, static_cast<std::uint32_t>(charge), " %, ");
    said.reason.append_number(least).append(" % are needed");
  }

  int battery_charge() {
    if constexpr (has_fuel_gauge<Hardware>) {
      const int charge = hardware_.battery_charge();
      if (charge >= 0) return charge;
    }
    return battery_percent(hardware_.battery_raw(),
                           {settings_.battery_divider_ratio_milli, settings_.battery_v_max_milli,
                            settings_.battery_v_min_milli});
  }

  void ask_window(schedule_decision& said) {
    const int start = rules().update_window_start_hour, end = rules().update_window_end_hour;
    const int hour = hardware_.hour();
    if (hour < 0 || is_in_window(hour, start, end)) return;
    refuse_until(said, "waiting: the update window opens at ", start, hour);
    if (start != end) return;
    said.seconds = 0;
    said.reason.assign(
        "waiting: the update window ends at the hour it starts, so it never opens"sv);
  }

  void ask_rollout(schedule_decision& said, std::string_view version) {
    const std::uint32_t place = canary_place(version, hardware_.unique_id());
    if (place < rules().rollout_percent) return;
    refuse(said, "waiting: the rollout is at "sv, rules().rollout_percent,
           " %, this device takes ");
    said.reason.append("part from ").append_number(place + 1).append(" % on");
  }

  void ask_sun(schedule_decision& said) {
    const int hour = hardware_.hour();
    if (rules().power_source == "solar"sv && hour >= 0 && !is_sunny(hour))
      refuse_until(said, "waiting for the sun: updates begin at ", first_sunny_hour, hour);
  }

  std::uint64_t last_check() {
    detail::json_file<24> in(last_check_path);
    bool is_found = false;
    for (;;) {
      const auto event = in.next(storage_);
      if (!event || *event == json_event::end) return 0;
      if (*event == json_event::key) is_found = in.reader().text() == "last_check"sv;
      if (*event == json_event::number && is_found && in.reader().depth() == 1)
        return detail::whole_number(in.reader());
    }
  }

  Storage& storage_;
  Hardware& hardware_;
  const config& settings_;
};

/// A scheduler for which it is always time.
template <class Storage, class Hardware>
class no_scheduler {
 public:
  no_scheduler(Storage&, Hardware&, const config&) {}

  schedule_decision may_check() { return {}; }
  schedule_decision may_update(std::string_view) { return {}; }
  result<void> record_check() { return {}; }
  void record_update(std::string_view, std::string_view) {}
  static constexpr bool has_rules() { return false; }
};

}  // namespace ota
