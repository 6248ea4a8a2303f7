#pragma once

#include "../core/error_text.hpp"
#include "../core/log.hpp"
#include "../core/text.hpp"
#include "../format/reset_mode.hpp"
#include "../manifest/release_target.hpp"

namespace ota {

/// Tells events to a log policy; free where the policy is `no_log`. The words are those of
/// 0x687931/ota, for tools that look for them.
template <class Log>
class event_log : public Log {
 public:
  event_log(Log log, bool debug) : Log(static_cast<Log&&>(log)), debug_(debug) {}

  void info(std::string_view text) { tell(log_level::info, text); }
  void failed(std::string_view text) { tell(log_level::error, text); }

  void retry(std::uint32_t seconds, const error& failure) {
    if constexpr (Log::enabled) {
      fixed_string<max_log_line> line("Request failed, retrying in ");
      line.append_number(seconds).append("s: ");
      append_text(line, failure);
      tell(log_level::warning, line);
    }
  }

  void reset(reset_mode mode) {
    if constexpr (Log::enabled)
      info(mode == reset_mode::hard   ? "Performing hard reset..."sv
           : mode == reset_mode::soft ? "Performing soft reset..."sv
                                      : "Not resetting device"sv);
  }

  // ---- told only where the configuration says `debug` -----------------------------------------

  void debug(std::string_view what, std::string_view subject) {
    if constexpr (Log::enabled) {
      if (!debug_) return;
      fixed_string<max_log_line> line(what);
      line.append(subject);
      tell(log_level::debug, line);
    }
  }

  void version(std::string_view what, const release_target& version) {
    if constexpr (Log::enabled) {
      fixed_string<max_log_line> text(version.ref);
      text.append(" #").append(slice(version.commit.view(), 0, 7));
      debug(what, text);
    }
  }

  void adapted(std::string_view what, std::size_t value) {
    if constexpr (Log::enabled) {
      fixed_string<max_log_line> line("Adapt: ");
      line.append(what).append(" -> ").append_number(value);
      debug(line, {});
    }
  }

 private:
  void tell(log_level level, std::string_view text) {
    if constexpr (Log::enabled) Log::write(level, text);
  }

  bool debug_;
};

}  // namespace ota
