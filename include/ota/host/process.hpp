#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ota::host {

/// A child process whose standard input and output are ours. No shell is involved; what it says on
/// standard error is dropped.
class process {
 public:
  /// Starts `command`, found by PATH; throws std::runtime_error.
  explicit process(const std::vector<std::string>& command) {
    // A socket, since writing to one whose reader is gone need not raise SIGPIPE.
    int in[2], out[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
      throw std::runtime_error("cannot start " + command.front() + ": no socket");
    if (pipe2(out, O_CLOEXEC) != 0) {
      ::close(in[0]);
      ::close(in[1]);
      throw std::runtime_error("cannot start " + command.front() + ": no pipe");
    }
    const bool started = spawn(command, in[1], out[1]);
    ::close(in[1]);
    ::close(out[1]);
    to_ = in[0];
    from_ = fdopen(out[0], "r");
    if (!started || from_ == nullptr) {
      finish();
      throw std::runtime_error("cannot start " + command.front());
    }
  }

  ~process() { finish(); }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// What the child writes.
  std::FILE* from() { return from_; }

  /// Gives the child input; false when it is gone.
  bool write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(to_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Ends the child's input and output and waits for its end; the exit code, or -1.
  int finish() {
    if (to_ >= 0) ::close(std::exchange(to_, -1));
    if (from_ != nullptr) std::fclose(std::exchange(from_, nullptr));
    int status = -1;
    if (pid_ > 0) waitpid(std::exchange(pid_, -1), &status, 0);
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  bool spawn(const std::vector<std::string>& command, int in, int out) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // The parent may wait for its signals by blocking them; that is not the child's business.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int failed =
        posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) pid_ = -1;
    return failed == 0;
  }

  pid_t pid_ = -1;
  int to_ = -1;
  std::FILE* from_ = nullptr;
};

/// What a command prints; throws std::runtime_error when it fails.
inline std::string output_of(const std::vector<std::string>& command) {
  process child(command);
  std::string text;
  char piece[65536];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, child.from())) != 0;)
    text.append(piece, size);
  if (child.finish() != 0) throw std::runtime_error(command.front() + " failed");
  return text;
}

}  // namespace ota::host
