// An update beside other work: one bounded step at a time, with progress and a watchdog.
//
//   super_loop OWNER REPO DIRECTORY API RAW
//
// The loop is what a program without an operating system looks like. Nothing in it waits for the
// update, and the watchdog is fed in every turn; `step()` feeds it as well where it has to wait.

#include <cstdio>

#include <ota/ota.hpp>

// The device's own hardware: everything of `linux_host`, and a watchdog that counts.
struct board : ota::linux_host {
  unsigned fed = 0;
  void feed_watchdog() { ++fed; }
};

struct super_loop : ota::default_policies {
  using storage = ota::posix_files;
  using http = ota::http_client<ota::posix_socket>;
  using hardware = board;
};

namespace {

unsigned measurements = 0;

void measure_temperature() { ++measurements; }

void show(const ota::update_progress_report& progress) {
  static std::uint32_t shown = 0;
  if (progress.files == shown) return;
  shown = progress.files;
  std::printf("%u of %u files\n", static_cast<unsigned>(progress.files),
              static_cast<unsigned>(progress.files_total));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: super_loop OWNER REPO DIRECTORY API RAW\n");
    return 2;
  }
  ota::config config;
  config.owner = argv[1];
  config.repo = argv[2];
  config.channel = "developer";
  config.api = argv[4];
  config.raw = argv[5];

  ota::updater<super_loop> updater{config, ota::posix_files(argv[3])};
  if (!updater.boot()) return 1;

  bool updating = true;
  while (updating) {
    measure_temperature();
    updater.hardware().feed_watchdog();
    updating = updater.step();
    show(updater.progress());
  }
  const std::string_view said = updater.message();
  std::printf("%.*s\n", static_cast<int>(said.size()), said.data());
  std::printf("%u measurements, watchdog fed %u times, %u bytes of memory\n", measurements,
              updater.hardware().fed, static_cast<unsigned>(sizeof updater));
  return updater.outcome() == ota::update_outcome::failed ? 1 : 0;
}
