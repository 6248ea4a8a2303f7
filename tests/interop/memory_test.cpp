// What an update costs in memory: nothing from the heap, and the same whatever the repository's
// size. The C library's allocator is replaced by one that counts.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "ota/ota.hpp"
#include "support/process.hpp"

extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);

namespace {
unsigned long allocations = 0;
}

extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
extern "C" void* realloc(void* old, std::size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}

namespace {

using namespace ota_test;

struct linux_device : ota::default_policies {
  using storage = ota::posix_files;
  using http = ota::http_client<ota::posix_socket>;
  using hardware = ota::linux_host;
};

// A repository with `count` files in directories of 100.
void make_repository(const std::string& path, int count) {
  const auto made =
      run("git init -q -b main " + path + " && cd " + path +
          " && " OTA_PYTHON " -c 'for i in range(" + std::to_string(count) +
          "): print(\"blob\\nmark :%d\\ndata <<E\\n%d\\nE\\n\" % (i + 1, i))\n"
          "print(\"commit refs/heads/main\\ncommitter t <t@example.invalid> 0 +0000\\n"
          "data 1\\nx\")\n"
          "for i in range(" +
          std::to_string(count) +
          "): print(\"M 100644 :%d d%d/f%d\" % (i + 1, i // 100, i))'"
          " | git fast-import --quiet");
  ASSERT_EQ(made.code, 0) << made.out;
}

TEST(memory, an_update_takes_nothing_from_the_heap) {
  scratch_folder here;
  make_repository(here / "repo", 250);
  std::filesystem::create_directory(here / "device");
  const server github(OTA_TOOL " serve --port 0 --fault chunked --git o/r=" + (here / "repo"));
  const std::string url = github.url();

  ota::config config;
  config.owner = "o";
  config.repo = "r";
  config.channel = "developer";
  config.api = config.raw = url;
  config.reset = ota::reset_mode::none;
  ota::update_outcome outcome{};
  bool booted = false, confirmed = false;
  unsigned long taken = 0;
  {
    const std::string root = here / "device";
    const unsigned long before = allocations;
    ota::updater<linux_device> updater{config, ota::posix_files(root)};
    booted = updater.boot().has_value();
    (void)updater.run();
    outcome = updater.outcome();
    confirmed = updater.confirm().has_value();
    taken = allocations - before;
  }
  EXPECT_TRUE(booted);
  EXPECT_TRUE(confirmed);
  EXPECT_EQ(outcome, ota::update_outcome::updated);
  EXPECT_EQ(taken, 0u);
  EXPECT_GT(allocations, 0u) << "the counter does not count";
}

// Peak memory of the tool as it lists and compares a repository of `count` files.
long peak_of(int count) {
  scratch_folder here;
  make_repository(here / "repo", count);
  std::filesystem::create_directory(here / "device");
  const server github(OTA_TOOL " serve --port 0 --git o/r=" + (here / "repo"));
  std::ofstream(here / "config.json") << R"({"owner": "o", "repo": "r", "channel": "developer"})";
  const auto done =
      run(OTA_TOOL " update --state-only --json --config " + (here / "config.json") + " --root " +
          (here / "device") + " --api " + github.url() + " --raw " + github.url());
  EXPECT_EQ(done.code, 0) << done.out;
  const std::string key = "\"peak_memory_kb\": ";
  const std::size_t at = done.out.find(key);
  EXPECT_NE(at, std::string::npos) << done.out;
  return std::stol(done.out.substr(at + key.size()));
}

TEST(memory, is_the_same_for_10_files_and_for_100000) {
  const long few = peak_of(10), many = peak_of(100000);
  std::cout << "[ figures  ] peak memory: 10 files " << few << " KB, 100,000 files " << many
            << " KB\n";
  // Which pages of program and libraries are in memory differs from run to run by 300 KB; five
  // bytes for each file would be more than is allowed here.
  EXPECT_LT(many, few + 500);
}

}  // namespace
