// The commands that make this computer a device: update, boot, confirm, rollback, status.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "command.hpp"
#include "keys.hpp"
#include "ota/delta/every_patch.hpp"
#include "ota/ota.hpp"
#include "progress.hpp"
#include "settings.hpp"
#include "stream.hpp"

namespace ota_tool {
namespace {

// Names that a server has sent must not steer a terminal, nor cut a message short.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

/// Tells events on standard error: warnings to a person, the rest where asked for.
struct console_log {
  static constexpr bool enabled = true;
  bool verbose = false;

  void write(ota::log_level level, std::string_view text) {
    if (level == ota::log_level::error) return;  // told once, at the end
    if (!verbose && (level != ota::log_level::warning || isatty(STDERR_FILENO) == 0)) return;
    std::fprintf(stderr, "%s%s\n", verbose ? "[OTA] " : "", printable(std::string(text)).c_str());
  }
};

struct linux_device : ota::default_policies {
  using storage = ota::posix_files;
  using http = ota::http_client<stream, 16384>;
  using hardware = ota::linux_host;
  using log = console_log;
  using delta = ota::delta_patches<ota::every_patch>;
  static constexpr std::size_t chunk_size = 4096;
};

/// The same, for which nothing but signatures counts.
struct signed_linux_device : linux_device {
  using trust = key_trust;
};

using device = ota::updater<linux_device>;

bool json_output = false;  // --json was given

void print(const std::string& text) { std::printf("%s\n", printable(text).c_str()); }

int tell(const std::string& message) {
  std::fprintf(stderr, "ota: %s\n", printable(message).c_str());
  return 1;
}

/// Says why nothing was done.
int fail(const std::string& message) {
  if (json_output) {
    std::string text;
    auto out = [&text](std::string_view piece) { text += piece; };
    ota::json_writer(out)
        .begin_object()
        .key("outcome")
        .string("failed")
        .key("message")
        .string(message)
        .end_object();
    print(text);
  }
  return tell(message);
}

int fail(const ota::error& error) { return fail(std::string(error.text)); }

/// A device's directory, held against a second updater as long as this one works on it.
class device_folder {
 public:
  explicit device_folder(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~device_folder() {
    if (fd_ >= 0) ::close(fd_);
  }
  device_folder(const device_folder&) = delete;
  device_folder& operator=(const device_folder&) = delete;

  /// What stands against work on it; empty: nothing.
  std::string trouble(bool alone) const {
    if (fd_ < 0) return "the device's root is no directory: " + path_;
    // A file system without locks leaves it to its users.
    if (alone && ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      return "another ota is at work on " + path_ + "; try again when it has ended";
    return {};
  }

 private:
  std::string path_;
  int fd_;
};

// ---- the progress bar ---------------------------------------------------------------------

std::string amount(double bytes) {
  char text[32];
  const char* unit = "B";
  for (const char* larger : {"KB", "MB", "GB"})
    if (bytes >= 1000) bytes /= 1000, unit = larger;
  std::snprintf(text, sizeof text, bytes < 10 && *unit != 'B' ? "%.1f %s" : "%.0f %s", bytes, unit);
  return text;
}

/// One line on a terminal: how much, how fast, how long still. Nothing in a pipe.
class progress_bar {
 public:
  void show(const ota::update_progress_report& at, std::uint32_t patched) {
    if (!line_.is_seen() || at.bytes_total == 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (started_ == std::chrono::steady_clock::time_point{}) started_ = now;
    if (now - last_ < std::chrono::milliseconds(100) && at.bytes != at.bytes_total) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const double rate = seconds > 0 ? static_cast<double>(at.bytes_moved) / seconds : 0;
    const double part = static_cast<double>(at.bytes) / static_cast<double>(at.bytes_total);
    char text[160];
    std::snprintf(text, sizeof text, "%s %3.0f%%  %u/%u files  %s  %s/s", bar_of(part).c_str(),
                  part * 100, at.files, at.files_total,
                  amount(static_cast<double>(at.bytes)).c_str(), amount(rate).c_str());
    std::string line = text;
    if (patched != 0) line += "  " + std::to_string(patched) + " by patches";
    if (rate > 0) {
      std::snprintf(text, sizeof text, "  %.0f s left ",
                    static_cast<double>(at.bytes_total - at.bytes) / rate);
      line += text;
    }
    line_.draw(line);
  }

  void end() { line_.wipe(); }

 private:
  progress_line line_;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point last_{};
};

// ---- reports ------------------------------------------------------------------------------

const char* name_of(ota::update_outcome outcome) {
  switch (outcome) {
    case ota::update_outcome::up_to_date:
      return "up_to_date";
    case ota::update_outcome::updated:
      return "updated";
    case ota::update_outcome::rejected:
      return "rejected";
    case ota::update_outcome::waiting:
      return "waiting";
    default:
      return "failed";
  }
}

const char* name_of(ota::swap_phase phase) {
  switch (phase) {
    case ota::swap_phase::idle:
      return "idle";
    case ota::swap_phase::swapping:
      return "swapping";
    case ota::swap_phase::trial:
      return "trial";
    case ota::swap_phase::kept:
      return "confirmed";
    case ota::swap_phase::removing:
    case ota::swap_phase::restoring:
      return "reverting";
  }
  return "idle";
}

std::string hex(const ota::version_id& id) {
  if (id == ota::version_id{}) return {};
  std::string text(2 * id.size(), '0');
  ota::to_hex({id.data(), id.size()}, text.data());
  return text;
}

long peak_memory_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

template <class Device>
void print_outcome(Device& one, ota::update_outcome outcome) {
  const auto& progress = one.progress();
  const std::uint32_t made = one.patches().made;
  if (!json_output) {
    std::string line(one.message());
    if (outcome == ota::update_outcome::updated)
      line += ": " + std::to_string(progress.files) + " files, " +
              std::to_string(progress.bytes_moved) + " bytes moved" +
              (made != 0 ? ", " + std::to_string(made) + " by patches" : "") +
              (progress.resumed != 0 ? ", resumed" : "");
    print(line);
    return;
  }
  const auto installed = one.installed();
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer(out)
      .begin_object()
      .key("outcome")
      .string(name_of(outcome))
      .key("message")
      .string(one.message())
      .key("ref")
      .string(installed.ref)
      .key("commit")
      .string(installed.commit)
      .key("files")
      .number(progress.files)
      .key("removed")
      .number(progress.removals)
      .key("bytes")
      .number(progress.bytes)
      .key("bytes_moved")
      .number(progress.bytes_moved)
      .key("patched")
      .number(made)
      .key("resumed")
      .number(progress.resumed)
      .key("peak_memory_kb")
      .number(static_cast<std::int64_t>(peak_memory_kb()))
      .end_object();
  print(text);
}

template <class Policies>
int update_as(const arguments& args, const update_settings& settings, const std::string& root) {
  const ota::config& config = settings.config();
  ota::updater<Policies> one(config, ota::posix_files(root),
                             typename Policies::http(make_stream(settings.tls())), {},
                             console_log{config.debug});
  if (args.has("now")) one.ignore_schedule();
  if (args.has("state-only")) one.record_only();
  if (const auto done = one.recover(); !done) return fail(done.error());

  progress_bar bar;
  const auto outcome = one.run(
      [&](const ota::update_progress_report& progress) { bar.show(progress, one.patches().made); });
  bar.end();
  if (!outcome) {
    if (json_output) print_outcome(one, ota::update_outcome::failed);
    return tell(std::string(one.message()));
  }
  print_outcome(one, *outcome);
  // Nothing but the record has changed, so there is nothing to try.
  if (args.has("state-only") && *outcome == ota::update_outcome::updated)
    if (const auto done = one.confirm(); !done) return fail(done.error());
  return 0;
}

}  // namespace

int run_update(const arguments& args) try {
  json_output = args.has("json");
  static const update_settings settings(args);  // large, and lives as long as the program
  const std::string root = args.text("root", ".");
  const device_folder folder(root);
  if (const auto trouble = folder.trouble(true); !trouble.empty()) return fail(trouble);
  return settings.config().trusted_root.empty()
             ? update_as<linux_device>(args, settings, root)
             : update_as<signed_linux_device>(args, settings, root);
} catch (const std::runtime_error& wrong) {
  return fail(wrong.what());
}

namespace {

void print_status(device& one) {
  const auto installed = one.installed();
  const auto& state = one.state();
  if (!json_output) {
    std::string line = "version: " + std::string(installed.ref);
    if (!installed.commit.empty()) line += " #" + std::string(installed.commit.view().substr(0, 7));
    if (installed.ref.empty() && installed.commit.empty()) line = "version: none";
    print(line);
    print(std::string("state: ") + name_of(state.phase) +
          (state.phase == ota::swap_phase::trial ? " (start " + std::to_string(state.boots) +
                                                       " of " + std::to_string(state.allowed) + ")"
                                                 : ""));
    if (!hex(state.rejected).empty()) print("put back, not tried again: " + hex(state.rejected));
    return;
  }
  std::string text;
  auto out = [&text](std::string_view piece) { text += piece; };
  ota::json_writer(out)
      .begin_object()
      .key("ref")
      .string(installed.ref)
      .key("commit")
      .string(installed.commit)
      .key("state")
      .string(name_of(state.phase))
      .key("on_trial")
      .boolean(state.phase == ota::swap_phase::trial)
      .key("boots")
      .number(std::uint32_t{state.boots})
      .key("allowed_boots")
      .number(std::uint32_t{state.allowed})
      .key("can_roll_back")
      .boolean(state.phase == ota::swap_phase::trial || state.phase == ota::swap_phase::kept)
      .key("version")
      .string(hex(state.version))
      .key("rejected")
      .string(hex(state.rejected))
      .end_object();
  print(text);
}

// Lets the device at --root do one thing, which needs no configuration, and shows how it is then.
int carry_out(const arguments& args, ota::result<void> (device::*order)(), bool alone = true) {
  json_output = args.has("json");
  const std::string root = args.text("root", ".");
  const device_folder folder(root);
  if (const auto trouble = folder.trouble(alone); !trouble.empty()) return fail(trouble);
  const ota::config config;
  device one(config, ota::posix_files(root));
  if (const auto done = (one.*order)(); !done) return fail(done.error());
  print_status(one);
  return 0;
}

}  // namespace

int run_boot(const arguments& args) { return carry_out(args, &device::boot); }
int run_confirm(const arguments& args) { return carry_out(args, &device::confirm); }
int run_rollback(const arguments& args) { return carry_out(args, &device::rollback); }

int run_status(const arguments& args) { return carry_out(args, &device::load, false); }

}  // namespace ota_tool
