#pragma once

#include "device.hpp"
#include "loopback_server.hpp"

namespace ota_test {

/// nginx over a folder of static files, as a child of the test.
class nginx {
 public:
  /// `directives` go into its server block; `protocol` is empty, or ` ssl`.
  explicit nginx(const std::string& www, const std::string& directives = {},
                 const std::string& protocol = {})
      : listener_(loopback_socket::listening("127.0.0.1")), port_(listener_.port()) {
    write_file(here_ / "nginx.conf", configuration(www, directives, protocol));
    pid_ = fork();
    if (pid_ != 0) return;
    // nginx takes over a socket that listens already: no port to guess, no start to wait for.
    dup2(listener_.fd(), inherited);
    setenv("NGINX", (std::to_string(inherited) + ";").c_str(), 1);
    const std::string command = "PATH=$PATH:/usr/sbin exec nginx -p " + here_.path() +
                                " -c nginx.conf -e " + (here_ / "error.log") + " 2> " +
                                (here_ / "stderr");
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  ~nginx() { stop(); }
  nginx(const nginx&) = delete;
  nginx& operator=(const nginx&) = delete;

  const std::string& port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + port_; }

  /// Ends it; what it noted is complete only then.
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  /// The requests whose address holds `part`, a line each: address, status, Range, If-Range,
  /// If-None-Match and the answer's ETag, with `~` behind each of the last four.
  std::vector<std::string> requests(const std::string& part) {
    stop();
    std::vector<std::string> some;
    std::ifstream log(here_ / "access.log");
    for (std::string line; std::getline(log, line);)
      if (line.substr(0, line.find(' ')).find(part) != std::string::npos) some.push_back(line);
    return some;
  }

  std::string problems() const { return content_of(here_ / "stderr"); }

 private:
  static constexpr int inherited = 100;

  std::string configuration(const std::string& www, const std::string& directives,
                            const std::string& protocol) const {
    std::string text =
        "daemon off;\nworker_processes 1;\npid pid;\nevents {}\nhttp {\n"
        "log_format asked escape=none '$request_uri $status ${http_range}~ ${http_if_range}~ "
        "${http_if_none_match}~ ${sent_http_etag}~';\naccess_log access.log asked;\n";
    if (geteuid() == 0) text = "user root;\n" + text;  // else its worker could not read the files
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += std::string(kind) + "_temp_path " + kind + ";\n";
    return text + "server {\nlisten 127.0.0.1:" + port_ + protocol + ";\nroot " + www + ";\n" +
           directives + "\n}\n}\n";
  }

  scratch_folder here_;
  loopback_socket listener_;
  std::string port_;
  pid_t pid_ = -1;
};

}  // namespace ota_test
