#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../core/contract.hpp"
#include "../format/reset_mode.hpp"

namespace ota {

/// The contract of a hardware policy, and its answers where there is none. Derive from it and
/// give the members that the device has; what stays means "not known" and switches off what needs
/// it. Only `wait` should be given by every device: here time does not pass.
///
/// A device with a fuel gauge may have one member more, which then is asked instead of
/// `battery_raw`:
///
///     int battery_charge();  // percent, 0 to 100; -1: not known
///
/// One with a counter that never goes back, in fuses or a secure element, may have these two: no
/// signed version whose security counter is lower is taken any more, whatever becomes of storage.
///
///     std::uint32_t security_counter();
///     void raise_security_counter(std::uint32_t least);  // once a version with it is confirmed
struct no_hardware {
  /// Epoch seconds; 0: not known, and rules about the time are left out.
  std::uint64_t now() { return 0; }
  /// Milliseconds of a clock that never goes back.
  std::uint64_t ticks_ms() { return 0; }
  /// The hour of local time, 0 to 23; -1: not known.
  int hour() { return -1; }
  /// Passes the time; never called with more than 1000.
  void wait(std::uint32_t /*milliseconds*/) {}
  /// Called at least once a second while the library waits, and once a step.
  void feed_watchdog() {}
  /// Switches the status LED.
  void led(bool /*on*/) {}
  /// The battery's voltage as a 16-bit reading of 3.3 V; -1: no battery.
  int battery_raw() { return -1; }
  /// Bytes of memory that could be had; 0: not known.
  std::size_t free_memory() { return 0; }
  /// Strength of the radio signal in dBm; 0: not known.
  int signal_dbm() { return 0; }
  /// A number that other devices do not have at the same moment.
  std::uint32_t random() { return 0; }
  /// What tells this device from all others, and stays; "unknown" when there is none. A gradual
  /// rollout goes by it. Valid as long as the policy.
  std::string_view unique_id() { return "unknown"; }
  /// Starts the device again, so that the new version runs; it may return.
  void reset(reset_mode /*mode*/) {}
};

namespace detail {

template <class H>
using now_of = decltype(std::declval<H&>().now());
template <class H>
using ticks_of = decltype(std::declval<H&>().ticks_ms());
template <class H>
using hour_of = decltype(std::declval<H&>().hour());
template <class H>
using wait_of = decltype(std::declval<H&>().wait(std::uint32_t{}));
template <class H>
using feed_of = decltype(std::declval<H&>().feed_watchdog());
template <class H>
using led_of = decltype(std::declval<H&>().led(true));
template <class H>
using battery_of = decltype(std::declval<H&>().battery_raw());
template <class H>
using charge_of = decltype(std::declval<H&>().battery_charge());
template <class H>
using counter_of = decltype(std::declval<H&>().security_counter());
template <class H>
using memory_of = decltype(std::declval<H&>().free_memory());
template <class H>
using signal_of = decltype(std::declval<H&>().signal_dbm());
template <class H>
using random_of = decltype(std::declval<H&>().random());
template <class H>
using id_of = decltype(std::declval<H&>().unique_id());
template <class H>
using reset_of = decltype(std::declval<H&>().reset(reset_mode::hard));

}  // namespace detail

/// Whether a hardware policy knows the battery's charge in percent by itself.
template <class Hardware>
inline constexpr bool has_fuel_gauge = detail::gives<int, detail::charge_of, Hardware>::value;

/// Whether a hardware policy keeps a security counter.
template <class Hardware>
inline constexpr bool has_security_counter =
    detail::gives<std::uint32_t, detail::counter_of, Hardware>::value;

/// Whether a hardware policy has a status LED: it gives `led` itself.
template <class Hardware>
inline constexpr bool has_led =
    !std::is_same_v<decltype(&Hardware::led), void (no_hardware::*)(bool)>;

/// Whether a hardware policy measures time: it gives `ticks_ms` itself.
template <class Hardware>
inline constexpr bool has_clock =
    !std::is_same_v<decltype(&Hardware::ticks_ms), std::uint64_t (no_hardware::*)()>;

/// Checks a hardware policy against the contract, one sentence for each missing member.
template <class Hardware>
struct check_hardware {
  template <class Result, template <class> class Call>
  static constexpr bool has = detail::gives<Result, Call, Hardware>::value;

  static_assert(has<std::uint64_t, detail::now_of>,
                "the hardware policy needs: std::uint64_t now()");
  static_assert(has<std::uint64_t, detail::ticks_of>,
                "the hardware policy needs: std::uint64_t ticks_ms()");
  static_assert(has<int, detail::hour_of>, "the hardware policy needs: int hour()");
  static_assert(has<void, detail::wait_of>,
                "the hardware policy needs: void wait(std::uint32_t milliseconds)");
  static_assert(has<void, detail::feed_of>, "the hardware policy needs: void feed_watchdog()");
  static_assert(has<void, detail::led_of>, "the hardware policy needs: void led(bool on)");
  static_assert(has<int, detail::battery_of>, "the hardware policy needs: int battery_raw()");
  static_assert(has<std::size_t, detail::memory_of>,
                "the hardware policy needs: std::size_t free_memory()");
  static_assert(has<int, detail::signal_of>, "the hardware policy needs: int signal_dbm()");
  static_assert(has<std::uint32_t, detail::random_of>,
                "the hardware policy needs: std::uint32_t random()");
  static_assert(has<std::string_view, detail::id_of>,
                "the hardware policy needs: std::string_view unique_id()");
  static_assert(has<void, detail::reset_of>,
                "the hardware policy needs: void reset(ota::reset_mode mode)");
  static constexpr bool ok = true;
};

}  // namespace ota
