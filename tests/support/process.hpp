#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ota_test {

/// What a command printed and how it ended: its exit code, or 128 and the signal.
struct finished {
  int code = -1;
  std::string out;
};

/// Runs a shell command; standard error is joined to what is returned.
inline finished run(const std::string& command) {
  finished result;
  std::FILE* const pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char piece[4096];
  for (std::size_t size; (size = std::fread(piece, 1, sizeof piece, pipe)) != 0;)
    result.out.append(piece, size);
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// A temporary folder, gone at the end.
class scratch_folder {
 public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ota-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A server process that says `listening on URL`, or so, in a line; ended with the object.
class server {
 public:
  explicit server(const std::string& command, const std::string& says = "listening on ") {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
    std::string line;
    for (char c; read(output_, &c, 1) == 1;) {
      if (c != '\n') {
        line += c;
      } else if (line.compare(0, says.size(), says) == 0) {
        url_ = line.substr(says.size());
        return;
      } else {
        line.clear();
      }
    }
  }
  ~server() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  const std::string& url() const { return url_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string url_;
};

}  // namespace ota_test
