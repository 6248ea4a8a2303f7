// Native patches as people make and use them, beside a reader that was written from the format's
// document alone (patch_reader.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ota/hash/crc32.hpp"
#include "support/delta_tool.hpp"
#include "support/digest.hpp"
#include "support/python.hpp"

namespace {

using namespace ota_test;

const std::string reader = OTA_PYTHON " " OTA_SOURCE_DIR "/tests/interop/patch_reader.py ";
const std::string pairs = OTA_DELTA_PAIRS;

struct native_delta : delta_tool {
  finished read_by_python(const std::string& arguments) const {
    return run("cd " + here.path() + "; " + reader + arguments);
  }

  void put(const std::string& old_file, const std::string& new_file) const {
    write_file(here / "old", old_file);
    write_file(here / "new", new_file);
  }
  void put_pair(const std::string& name) const {
    const std::string end =
        std::filesystem::exists(pairs + "/" + name + "/old.py") ? ".py" : ".bin";
    put(content_of(pairs + "/" + name + "/old" + end),
        content_of(pairs + "/" + name + "/new" + end));
  }
  void put_program(int seed) const {
    const finished done = run(OTA_PYTHON " -B " OTA_TEST_DATA_DIR "/delta/golden/make.py program " +
                              std::to_string(seed) + " " + here / "old" + " " + here / "new");
    ASSERT_EQ(done.code, 0) << done.out;
  }

  // Makes a patch of the two files; both readers make the new file of it, and tell the same of it.
  void expect_both_read(const std::string& options = "") const {
    SCOPED_TRACE(options);
    output("make old new p " + options);
    const std::string new_file = content_of(here / "new");
    const std::string size = std::to_string(new_file.size());
    EXPECT_EQ(output("apply old p out"), "out: " + size + " bytes\n");
    EXPECT_TRUE(content_of(here / "out") == new_file);
    const finished done = read_by_python("old p out2");
    EXPECT_EQ(done.code, 0) << done.out;
    EXPECT_TRUE(content_of(here / "out2") == new_file);
    EXPECT_EQ(output("info p --json"), read_by_python("--header p").out);
  }
  std::string info() const { return output("info p --json"); }

  // Both readers refuse it and make nothing, or both make what the right patch makes.
  bool refused(const std::string& patch) const {
    write_file(here / "wrong", patch);
    const finished done = in_folder("apply old wrong out");
    const finished other = read_by_python("old wrong out2");
    EXPECT_EQ(done.code, other.code) << done.out << other.out;
    for (const char* out : {"out", "out2"}) {
      const bool made = std::filesystem::remove(here / out);
      EXPECT_EQ(made, done.code == 0);
    }
    return done.code == 1;
  }
};

std::string with_sum(std::string patch) {
  patch.resize(patch.size() - ota::crc32::digest_size);
  ota::crc32 sum;
  sum.update(ota::as_bytes(patch));
  for (const std::uint8_t byte : sum.finish()) patch += static_cast<char>(byte);
  return patch;
}

TEST_F(native_delta, of_real_files_are_read_by_both) {
  OTA_NEEDS_PYTHON();
  int count = 0;
  for (const auto& folder : std::filesystem::directory_iterator(pairs)) {
    SCOPED_TRACE(folder.path());
    put_pair(folder.path().filename());
    expect_both_read();
    ++count;
  }
  EXPECT_GE(count, 16);
}

TEST_F(native_delta, of_what_lies_at_the_edges_are_read_by_both) {
  OTA_NEEDS_PYTHON();
  const std::string noise = some_text(9000), zeros(30000, '\0');
  const std::vector<std::pair<std::string, std::string>> edges = {
      {"", ""},
      {"", "a"},
      {"a", ""},
      {"a", "a"},
      {"a", "b"},
      {"", noise},
      {noise, ""},
      {noise, noise},
      {zeros, zeros},
      {"", std::string(1000000, '\0')},
      {noise, zeros},
      {zeros, noise},
      {noise, noise.substr(4000) + noise.substr(0, 4000)}};
  for (const auto& [old_file, new_file] : edges) {
    SCOPED_TRACE(std::to_string(old_file.size()) + " to " + std::to_string(new_file.size()));
    put(old_file, new_file);
    expect_both_read();
    if (new_file.size() < 100000) expect_both_read("--in-place 0 --literals 0 --map 0");
  }
}

TEST_F(native_delta, are_the_same_bytes_each_time) {
  for (const char* name : {"small-m0-application", "python-e055b56"}) {
    put_pair(name);
    output("make old new p");
    output("make old new again");
    EXPECT_TRUE(content_of(here / "p") == content_of(here / "again")) << name;
  }
}

TEST_F(native_delta, of_programs_are_read_by_both) {
  OTA_NEEDS_PYTHON();
  int thumb = 0;
  for (int seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    put_program(seed);
    expect_both_read();
    if (info().find("\"code\": \"thumb\"") != std::string::npos) ++thumb;
  }
  EXPECT_GE(thumb, 8);
}

TEST_F(native_delta, keep_to_what_was_asked) {
  OTA_NEEDS_PYTHON();
  put_program(12);
  for (int literals = 0; literals <= 4; ++literals) {
    expect_both_read("--map 0 --literals " + std::to_string(literals));
    EXPECT_NE(info().find("\"map_entries\": 0,"), std::string::npos);
    std::size_t memory = 0;
    std::sscanf(info().substr(info().find("\"memory\"")).c_str(), "\"memory\": %zu", &memory);
    EXPECT_GE(memory, 1408u + 512);
    EXPECT_LE(memory, 1408u + (512u << literals));
  }
  for (const char* entries : {"1", "3", "128"}) expect_both_read(std::string("--map ") + entries);
  // Python refuses what reads further behind than the header tells.
  for (const char* lag : {"0", "1", "100", "4096", "1000000"}) {
    expect_both_read(std::string("--in-place ") + lag);
    EXPECT_NE(info().find(std::string("\"lag\": ") + lag + "}"), std::string::npos) << info();
  }
  put_pair("python-tree-300-400");
  expect_both_read("--in-place 2000 --literals 3");
}

TEST_F(native_delta, shows_what_a_patch_is) {
  put_pair("rp2-mpy-tiny");
  output("make old new p --in-place 4096");
  const std::string text = output("info p");
  EXPECT_EQ(text.compare(0, 25, "format native, version 1\n"), 0) << text;
  EXPECT_NE(text.find("makes a file of 326608 bytes, SHA-256 "), std::string::npos);
  EXPECT_NE(text.find("\ncode thumb at 0x10000000\nin place, with a lag of 4096 bytes\n"),
            std::string::npos);
  // The hash that it shows is that of coreutils.
  const std::string hash = run("sha256sum < " + here / "new").out.substr(0, 32);
  EXPECT_NE(text.find("SHA-256 " + hash + "..., of one of "), std::string::npos);
}

TEST_F(native_delta, for_another_file_is_refused) {
  OTA_NEEDS_PYTHON();
  put_pair("small-m0-application");
  output("make old new p");
  const std::string patch = content_of(here / "p"), old_file = content_of(here / "old");
  std::string other = old_file;
  other.back() ^= 1;
  for (const std::string& wrong : {other, old_file.substr(1), std::string()}) {
    write_file(here / "old", wrong);
    expect_failed("apply old p out", "p: the patch is for another file than the one that is there");
    EXPECT_TRUE(refused(patch));
  }
}

TEST_F(native_delta, damaged_anywhere_is_refused) {
  OTA_NEEDS_PYTHON();
  put_pair("small-m0-application");
  output("make old new p");
  write_file(here / "other", "as it was");
  const std::string patch = content_of(here / "p");
  ASSERT_GT(patch.size(), 400u);
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t at = i < 60 ? i : i * (patch.size() - 1) / 199;  // all of the header
    std::string wrong = patch;
    wrong[at] = static_cast<char>(wrong[at] ^ (1 << i % 8));
    write_file(here / "wrong", wrong);
    expect_failed("apply old wrong other", "patch");
    expect_failed("info wrong", "patch");
  }
  for (std::size_t size = 0; size < patch.size(); size += size < 70 ? 1 : 29) {
    write_file(here / "wrong", patch.substr(0, size));
    expect_failed("apply old wrong other", "patch");
  }
}

// Not by accident: the sum is right. Only what is decoded, or the new file's hash, can tell.
TEST_F(native_delta, changed_on_purpose_is_refused_by_both) {
  OTA_NEEDS_PYTHON();
  put_pair("small-m0-application");
  output("make old new p --in-place 100");
  const std::string patch = content_of(here / "p");
  int harmless = 0;  // in what a header promises and does not need
  for (std::size_t at = 0; at < patch.size() - ota::crc32::digest_size; at += 11) {
    std::string wrong = patch;
    wrong[at] = static_cast<char>(wrong[at] ^ 0x10);
    if (!refused(with_sum(wrong))) ++harmless;
  }
  EXPECT_LE(harmless, 3);
  EXPECT_TRUE(refused(with_sum(patch.substr(0, patch.size() - 9))));
}

TEST_F(native_delta, tells_what_is_wrong) {
  put("Hello World!", "Hello Python!");
  output("make old new p");
  write_file(here / "out", "as it was");
  std::string later = content_of(here / "p");
  later[3] = 2;
  write_file(here / "later", later);
  write_file(here / "ODP", "ODP");
  for (const char* command : {"apply old ", "info "}) {
    const std::string does = command, out = does == "info " ? "" : " out";
    expect_failed(does + "later" + out, "later: the patch is of a later format: update");
    expect_failed(does + "old" + out, "old: not a patch of a format that is known here");
    expect_failed(does + "ODP" + out, "ODP: ");
    expect_failed(does + "nosuch" + out, "cannot read nosuch");
  }
  expect_failed("apply nosuch p out", "cannot read nosuch");
  expect_failed("apply old p no/such/out", "/no/such/out: No such file");
  expect_failed("apply old p .", "is not a file");
  expect_failed("make nosuch new out", "cannot read nosuch");
  expect_failed("make old nosuch out", "cannot read nosuch");
  expect_failed("make old new no/such/out", "/no/such/out: No such file");
}

// A device that runs patches for no kind of code, or for one, takes no others.
TEST_F(native_delta, is_of_the_kind_that_the_device_has) {
  const auto kind = [this](const std::string& options) {
    expect_both_read(options);
    const std::string told = info();
    const std::size_t begin = told.find("\"code\": \"") + 9;
    return told.substr(begin, told.find('"', begin) - begin);
  };
  put_program(1);
  EXPECT_EQ(kind(""), "thumb");
  EXPECT_EQ(kind("--code thumb"), "thumb");
  EXPECT_EQ(kind("--code plain"), "plain");
  const std::string other = kind("--code xtensa");
  EXPECT_TRUE(other == "xtensa" || other == "plain") << other;
}

TEST_F(native_delta, says_how_it_is_used) {
  put("a", "b");
  expect_failed("make old new p --code avr", "--code must be one of plain, words, thumb, ", 2);
  expect_failed("make old new p --map 129", "--map must be a number from 0 to 128, not 129\n", 2);
  expect_failed("make old new p --map x", "--map must be a number from 0 to 128, not x\n", 2);
  expect_failed("make old new p --literals 5", "--literals must be a number from 0 to 4, not 5\n",
                2);
  expect_failed("make old new p --in-place -1", "--in-place must be a number from 0 to ", 2);
  expect_failed("make old new p --in-place 4294967296", "not 4294967296\n", 2);
  expect_failed("make old new p --format delta", "--format must be native or otadelta", 2);
  expect_failed("make old new", "delta make needs PATCH", 2);
  expect_failed("apply old", "delta apply needs PATCH", 2);
}

}  // namespace
