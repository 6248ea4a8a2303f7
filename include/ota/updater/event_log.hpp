#pragma once

#include "../core/error_text.hpp"
#include "../core/log.hpp"
#include "../core/text.hpp"
#include "../format/reset_mode.hpp"
#include "../manifest/release_target.hpp"

namespace ota {

/// Tells events to a log policy. The words are those of 0x687931/ota, for tools that look for them.
template <class Log, bool Enabled = Log::enabled>
class event_log : public Log {
 public:
  event_log(Log log, bool debug) : Log(static_cast<Log&&>(log)), debug_(debug) {}

  void info(std::string_view text) { Log::write(log_level::info, text); }
  void failed(std::string_view text) { Log::write(log_level::error, text); }

  void retry(std::uint32_t seconds, const error& failure) {
    fixed_string<max_log_line> line("Request failed, retrying in ");
    line.append_number(seconds).append("s: ");
    append_text(line, failure);
    Log::write(log_level::warning, line);
  }

  void reset(reset_mode mode) {
    info(mode == reset_mode::hard   ? "Performing hard reset..."sv
         : mode == reset_mode::soft ? "Performing soft reset..."sv
                                    : "Not resetting device"sv);
  }

  // ---- told only where the configuration says `debug` -----------------------------------------

  void debug(std::string_view what, std::string_view subject) {
    if (!debug_) return;
    fixed_string<max_log_line> line(what);
    line.append(subject);
    Log::write(log_level::debug, line);
  }

  void version(std::string_view what, const release_target& version) {
    fixed_string<max_log_line> text(version.ref);
    text.append(" #").append(slice(version.commit.view(), 0, 7));
    debug(what, text);
  }

  void adapted(std::string_view what, std::size_t value) {
    fixed_string<max_log_line> line("Adapt: ");
    line.append(what).append(" -> ").append_number(value);
    debug(line, {});
  }

 private:
  bool debug_;
};

/// With a policy that tells nothing, free.
template <class Log>
class event_log<Log, false> : public Log {
 public:
  event_log(Log log, bool) : Log(static_cast<Log&&>(log)) {}

  void info(std::string_view) {}
  void failed(std::string_view) {}
  void retry(std::uint32_t, const error&) {}
  void reset(reset_mode) {}
  void debug(std::string_view, std::string_view) {}
  void version(std::string_view, const release_target&) {}
  void adapted(std::string_view, std::size_t) {}
};

}  // namespace ota
