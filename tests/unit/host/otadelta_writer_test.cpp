// The maker of OTADELTA patches: what it makes is applied, and compared with the least possible.

#include "ota/host/otadelta_writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ota/hash/sha256.hpp"
#include "ota/host/otadelta_summary.hpp"
#include "support/digest.hpp"
#include "support/otadelta.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

using patch_bytes = std::vector<std::uint8_t>;

ota::bytes view(const patch_bytes& data) { return {data.data(), data.size()}; }

patch_bytes made(const std::string& old_file, const std::string& new_file) {
  return ota::host::otadelta_of(ota::as_bytes(old_file), ota::as_bytes(new_file));
}

// Makes a patch that must do its work, and be one for the original client; gives its size.
std::size_t checked_size(const std::string& old_file, const std::string& new_file) {
  const patch_bytes patch = made(old_file, new_file);
  const applied done = apply_otadelta(ota::as_bytes(old_file), view(patch),
                                      static_cast<std::uint32_t>(new_file.size()));
  EXPECT_EQ(done.failure, nullptr);
  EXPECT_TRUE(done.text == new_file);
  const auto summary = ota::host::summary_of_otadelta(view(patch));
  EXPECT_TRUE(summary.fits_original);
  EXPECT_EQ(summary.new_size, new_file.size());
  EXPECT_LE(summary.old_size, old_file.size());
  return patch.size();
}

class numbers {
 public:
  explicit numbers(std::uint32_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t limit) {
    state_ = state_ * 1664525 + 1013904223;
    return static_cast<std::uint32_t>(std::uint64_t{state_} * limit >> 32);
  }

 private:
  std::uint32_t state_;
};

TEST(otadelta_writer, makes_smaller_patches_than_the_original_of_its_own_versions) {
  std::size_t sum = 0, original = 0;
  for (const char* name : {"8ba7490", "e368856", "76c6dfa", "66f5405", "1cca950", "e055b56"}) {
    const std::string folder = OTA_DELTA_PAIRS "/python-" + std::string(name);
    const std::size_t size =
        checked_size(content_of(folder + "/old.py"), content_of(folder + "/new.py"));
    const std::size_t theirs = content_of(folder + "/original.delta").size();
    EXPECT_LT(size * 3, theirs) << name;
    sum += size;
    original += theirs;
  }
  EXPECT_LT(sum, 3400u);
  EXPECT_GT(original, 13000u);
}

TEST(otadelta_writer, makes_the_same_patch_on_every_machine) {
  const std::string folder = OTA_DELTA_PAIRS "/python-e055b56";
  const patch_bytes patch = made(content_of(folder + "/old.py"), content_of(folder + "/new.py"));
  EXPECT_EQ(digest_of<ota::sha256>(ota::as_text(view(patch))),
            "2b0891dda65a81b9744fc4de268e30a9768dd97e3d68d45c1335986c3f583f86");
}

TEST(otadelta_writer, keeps_to_the_limits_of_the_original) {
  const std::string text = some_text(20000);
  EXPECT_EQ(checked_size("", ""), 10u);
  EXPECT_EQ(checked_size(text, ""), 10u);
  EXPECT_EQ(checked_size("", text.substr(0, 127)), 10 + 2 + 127u);
  EXPECT_EQ(checked_size("", text.substr(0, 128)), 10 + 3 + 128u);
  EXPECT_EQ(checked_size("", text.substr(0, 2048)), 10 + 3 + 2048u);
  EXPECT_EQ(checked_size("", text.substr(0, 2049)), 10 + 3 + 2048 + 2 + 1u);
  EXPECT_EQ(checked_size("abc", text), 10 + 9 * 3 + 3 + text.size());
  EXPECT_EQ(checked_size(text, text.substr(0, 4096)), 10 + 1 + 1 + 2u);
  // Four whole copies, from 0, 4096, 8192 and 12288, and what is left from 16384 on.
  EXPECT_EQ(checked_size(text, text), 10 + (4 + 5 + 5 + 5) + (1 + 3 + 2u));
  const std::string zeros(100000, '\0');
  EXPECT_LE(checked_size(zeros, zeros.substr(1)), 10 + 25 * 6u);
}

// The least that any patch of the format can have, by trying each copy of each length.
std::size_t least_size(const std::string& old_file, const std::string& new_file) {
  const auto number_size = [](std::size_t value) -> std::size_t { return value < 128 ? 1 : 2; };
  std::vector<std::size_t> cost(new_file.size() + 1);
  cost[new_file.size()] = 1;
  for (std::size_t at = new_file.size(); at-- > 0;) {
    cost[at] = ~std::size_t{0};
    for (std::size_t length = 1; at + length <= new_file.size(); ++length) {
      cost[at] = std::min(cost[at], 1 + number_size(length) + length + cost[at + length]);
      for (std::size_t from = 0; from + length <= old_file.size(); ++from)
        if (old_file.compare(from, length, new_file, at, length) == 0)
          cost[at] =
              std::min(cost[at], 1 + number_size(from) + number_size(length) + cost[at + length]);
    }
  }
  return 9 + cost[0];
}

TEST(otadelta_writer, comes_near_the_least_possible) {
  numbers random(1);
  std::size_t least = 0, size = 0;
  for (int i = 0; i < 200; ++i) {
    std::string old_file, new_file;
    const std::uint32_t letters = 2 + random.below(20), length = random.below(160);
    while (old_file.size() < length) old_file += static_cast<char>('a' + random.below(letters));
    while (new_file.size() < length) {
      if (random.below(2) == 0 && length > 10)
        new_file += old_file.substr(random.below(length), random.below(40));
      else
        new_file += static_cast<char>('a' + random.below(letters));
    }
    const std::size_t one = checked_size(old_file, new_file), best = least_size(old_file, new_file);
    EXPECT_GE(one, best);
    EXPECT_LE(one, best + best / 20 + 2) << old_file << "\n" << new_file;
    least += best;
    size += one;
  }
  EXPECT_LE(size, least + least / 50) << size << " instead of " << least;
}

TEST(otadelta_writer, finds_what_was_changed_in_a_large_file) {
  const std::string old_file = some_text(300000);
  std::string new_file = old_file;
  numbers random(2);
  for (int i = 0; i < 20; ++i) {
    const std::size_t at = random.below(250000);
    new_file.insert(at, "0123456789", random.below(10));
    new_file.erase(random.below(250000), random.below(10));
    new_file[at] = static_cast<char>(new_file[at] + 1);
  }
  // 60 changes of 10 bytes at most, a copy of 7 behind each, and those that are divided.
  EXPECT_LT(checked_size(old_file, new_file), 60 * (2 + 10 + 7) + 75 * 7u);
  const std::string moved = new_file.substr(150000) + new_file.substr(0, 150000);
  EXPECT_LT(checked_size(old_file, moved), 60 * (2 + 10 + 7) + 77 * 7u);
}

TEST(otadelta_summary, says_what_instructions_add_up_to) {
  const auto of = [](const std::string& digits) {
    const auto patch = from_digits("4f544144454c544101" + digits);
    return ota::host::summary_of_otadelta({patch.data(), patch.size()});
  };
  const auto some =
      of("01030a"
         "0202ff01"
         "010005"
         "01ff0000"
         "ff");
  EXPECT_EQ(some.old_size, 13u);
  EXPECT_EQ(some.new_size, 17u);
  EXPECT_EQ(some.copies, 2u);
  EXPECT_EQ(some.copied_bytes, 15u);
  EXPECT_TRUE(some.fits_original);
  EXPECT_TRUE(of("01008020ff").fits_original);
  EXPECT_FALSE(of("01008120ff").fits_original);
  EXPECT_EQ(of("01ffffffff0fffffffff0fff").old_size, 0x1fffffffeu);
  EXPECT_THROW(of("0202ff"), std::runtime_error);
  EXPECT_THROW(of("0102"), std::runtime_error);
  EXPECT_THROW(of("020100"), std::runtime_error);
  for (const std::size_t size : {2048u, 2049u}) {
    const std::string digits = size == 2048 ? "028010" : "028110";
    EXPECT_EQ(of(digits + std::string(2 * size, '0') + "ff").fits_original, size == 2048);
  }
}

}  // namespace
