#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <map>

#include "process.hpp"

namespace ota_test {

/// A command that has ended, its outputs apart.
struct measured {
  int code = -1;
  std::string out;
  std::string err;
  long peak_kb = 0;  ///< most memory that it had
};

inline measured run_measured(const std::string& command) {
  const scratch_folder outputs;
  const std::string line =
      "exec " + command + " > " + (outputs / "out") + " 2> " + (outputs / "err");
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  measured result;
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) return result;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = content_of(outputs / "out");
  result.err = content_of(outputs / "err");
  result.peak_kb = usage.ru_maxrss;
  return result;
}

/// A computer that the tool keeps up to date, in a folder of its own.
class device {
 public:
  device() { std::filesystem::create_directory(root()); }

  std::string root() const { return here_ / "device"; }

  /// Where an update that breaks out of the root would leave its traces.
  std::string outside(const std::string& name) const { return here_ / name; }

  /// Configures it for repository o/r; `members` are further members of the document.
  void configure(const std::string& members) const {
    write_file(here_ / "config.json",
               R"({"owner": "o", "repo": "r", "backoff_sec": 0, )" + members + "}");
  }

  measured update(const std::string& api, const std::string& raw) const {
    return run_measured(OTA_TOOL " update --config " + (here_ / "config.json") + " --root " +
                        root() + " --api " + api + " --raw " + raw);
  }

  int confirm() const { return run(OTA_TOOL " confirm --root " + root()).code; }

  using tree = std::map<std::string, std::string>;

  /// All files in and around the root with modes and contents, without what the updater keeps for
  /// itself: its working folder and its last error.
  tree files() const {
    tree found;
    for (std::filesystem::recursive_directory_iterator at(here_.path()), end; at != end; ++at) {
      const std::string path = at->path().string();
      if (path == root() + "/.ota") {
        at.disable_recursion_pending();
      } else if (path != root() + "/ota_error.json") {
        const auto status = at->symlink_status();
        found[path] = std::to_string(static_cast<int>(status.type())) + " " +
                      std::to_string(static_cast<unsigned>(status.permissions())) + " " +
                      (at->is_regular_file() ? content_of(path) : "");
      }
    }
    return found;
  }

 private:
  scratch_folder here_;
};

}  // namespace ota_test
