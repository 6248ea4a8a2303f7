// Keeps a directory equal to the tip of a branch, on Linux.
//
//   linux_directory OWNER REPO DIRECTORY [API RAW]
//
// Run it from cron or a systemd timer. The new version is confirmed at once here; a real device
// does so when it has seen that its program works.

#include <cstdio>

#include <ota/ota.hpp>

struct console {
  static constexpr bool enabled = true;
  void write(ota::log_level, std::string_view text) {
    std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
  }
};

struct linux_directory : ota::default_policies {
  using storage = ota::posix_files;
  using http = ota::http_client<ota::posix_socket>;
  using hardware = ota::linux_host;
  using log = console;
};

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    std::fprintf(stderr, "usage: linux_directory OWNER REPO DIRECTORY [API RAW]\n");
    return 2;
  }
  ota::config config;
  config.owner = argv[1];
  config.repo = argv[2];
  config.channel = "developer";
  if (argc == 6) {
    config.api = argv[4];
    config.raw = argv[5];
  }

  ota::updater<linux_directory> updater{config, ota::posix_files(argv[3])};
  if (const auto started = updater.boot(); !started) {
    std::fprintf(stderr, "%s\n", started.error().text);
    return 1;
  }
  const auto outcome = updater.run();
  if (!outcome) return 1;  // the console has told why
  if (*outcome == ota::update_outcome::updated && !updater.confirm()) return 1;
  return 0;
}
