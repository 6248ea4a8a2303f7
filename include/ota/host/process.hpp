#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ota::host {

/// A child process with its standard input and output as pipes. No shell is involved.
class process {
 public:
  explicit process(const std::vector<std::string>& command) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
      throw std::runtime_error("cannot make a pipe");
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("cannot start " + command.front());
    if (pid_ == 0) {
      dup2(in[0], STDIN_FILENO);
      dup2(out[1], STDOUT_FILENO);
      const int nowhere = open("/dev/null", O_WRONLY);
      if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = fdopen(in[1], "w");
    from_ = fdopen(out[0], "r");
  }

  ~process() { finish(); }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  std::FILE* to() { return to_; }
  std::FILE* from() { return from_; }

  /// Closes the pipes and waits for the end; the exit code.
  int finish() {
    if (to_ != nullptr) std::fclose(std::exchange(to_, nullptr));
    if (from_ != nullptr) std::fclose(std::exchange(from_, nullptr));
    int status = 0;
    if (pid_ > 0) waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

/// What a command prints; empty when it fails.
inline std::string output_of(const std::vector<std::string>& command) {
  process child(command);
  std::string text;
  char piece[65536];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, child.from())) != 0;)
    text.append(piece, size);
  return child.finish() == 0 ? text : std::string();
}

}  // namespace ota::host
