// Native patches: made and applied, cut and gone on with, damaged, and more than a device can take.
// That another reader, written from the format's document, reads them the same: tests/interop.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "ota/host/patch_maker.hpp"
#include "support/digest.hpp"
#include "support/native_patch.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

file_bytes of_text(const std::string& text) { return {text.begin(), text.end()}; }

file_bytes content(const std::string& name) {
  return of_text(content_of(OTA_DELTA_PAIRS "/" + name));
}

struct pair {
  std::string name;
  file_bytes old_file, new_file;
};

pair committed(const std::string& name, const std::string& kind = ".bin") {
  return {name, content(name + "/old" + kind), content(name + "/new" + kind)};
}

file_bytes random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  file_bytes data(size);
  for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random());
  return data;
}

std::vector<pair> pairs() {
  const file_bytes noise = random_bytes(5000, 1);
  file_bytes moved(noise.begin() + 2500, noise.end());
  moved.insert(moved.end(), noise.begin(), noise.begin() + 2500);
  return {committed("rp2-mpy-tiny"),
          committed("python-e368856", ".py"),
          {"equal", noise, noise},
          {"halves change places", noise, moved},
          {"of nothing", {}, noise},
          {"nothing", noise, {}},
          {"nothing of nothing", {}, {}},
          {"one byte", {}, {7}},
          {"zeros", {1}, file_bytes(100000, 0)},
          {"something else", noise, random_bytes(4000, 2)}};
}

// The large pair is known to be Thumb: not all kinds are tried each time.
file_bytes patch_of(const pair& files, ota::host::patch_options options = {}) {
  if (files.name == "rp2-mpy-tiny") options.kinds = {ota::code_kind::thumb};
  return ota::host::patch_maker(view(files.old_file), view(files.new_file), options).make();
}

// As a device does it: all checks, all steps.
const ota::error* apply_as_device(const pair& files, const file_bytes& patch) {
  strict_source old_source{view(files.old_file)}, patch_source{view(patch)};
  if (const auto sum = ota::check_patch_sum(patch_source); !sum) return &sum.error();
  const auto header = ota::read_patch_header(view(patch).first(ota::patch_header::max_size));
  if (!header) return &header.error();
  if (const auto base = ota::check_patch_base(*header, old_source); !base) return &base.error();
  const made done = apply_blindly(files.old_file, patch);
  if (done.failure != nullptr) return done.failure;
  strict_source result{view(done.content)};
  if (result.size() != header->new_size) std::abort();
  if (const auto right = ota::check_patch_result(*header, result); !right) return &right.error();
  if (done.content != files.new_file) std::abort();
  return nullptr;
}

TEST(patch, makes_the_new_file) {
  for (const pair& files : pairs()) {
    SCOPED_TRACE(files.name);
    EXPECT_EQ(apply_as_device(files, patch_of(files)), nullptr);
  }
}

TEST(patch, is_the_same_each_time) {
  for (const pair& files : pairs()) EXPECT_EQ(patch_of(files), patch_of(files)) << files.name;
}

TEST(patch, costs_little_more_than_what_is_new) {
  const std::size_t head = 60;
  for (const pair& files : pairs()) {
    const std::size_t size = patch_of(files).size();
    if (files.name == "something else") {
      EXPECT_LT(size, files.new_file.size() * 103 / 100 + head);
    } else if (files.name == "of nothing") {
      EXPECT_LT(size, files.new_file.size() * 103 / 100 + head);
    } else {
      EXPECT_LT(size, 450u) << files.name;
    }
  }
}

TEST(patch, keeps_to_what_a_device_has) {
  const pair files = committed("rp2-mpy-tiny");
  ota::host::patch_options options;
  for (const std::size_t entries : {0u, 1u, 5u}) {
    options.map_entries = entries;
    options.literal_bits = 0;
    const file_bytes patch = patch_of(files, options);
    const auto header = ota::read_patch_header(view(patch));
    ASSERT_TRUE(header);
    EXPECT_LE(header->map_entries, entries);
    EXPECT_EQ(header->literal_bits(), 0u);
    EXPECT_EQ(apply_as_device(files, patch), nullptr);
  }
}

struct tiny_device : ota::patch_limits {
  using codes = ota::code_set<ota::thumb_code>;
  static constexpr std::size_t map_entries = 0;
  static constexpr unsigned literal_bits = 0;
};

struct text_device : ota::patch_limits {};

TEST(patch, is_refused_before_anything_is_written) {
  const pair files = committed("rp2-mpy-tiny");
  const file_bytes patch = patch_of(files);
  EXPECT_EQ(apply_blindly<tiny_device>(files.old_file, patch).failure,
            &ota::patch_errors::too_much_memory);
  EXPECT_EQ(apply_blindly<text_device>(files.old_file, patch).failure,
            &ota::patch_errors::unknown_code);
  EXPECT_EQ(apply_blindly({1, 2, 3}, patch).failure, &ota::patch_errors::wrong_base);
  EXPECT_EQ(apply_as_device({"", files.new_file, files.new_file}, patch),
            &ota::patch_errors::wrong_base);
  EXPECT_EQ(apply_blindly(files.old_file, of_text("OTADELTA\1")).failure,
            &ota::patch_errors::not_a_patch);
  EXPECT_EQ(apply_blindly(files.old_file, {}).failure, &ota::patch_errors::not_a_patch);
  file_bytes later = patch;
  later[3] = 2;
  EXPECT_EQ(apply_blindly(files.old_file, later).failure, &ota::patch_errors::other_version);
}

TEST(patch, fits_small_devices) {
  // All the memory there is, without the stack of a step: docs/footprint.md.
  struct thumb_device : ota::patch_limits {
    using codes = ota::code_set<ota::thumb_code>;
  };
  EXPECT_LE(sizeof(strict_decoder<thumb_device>), 4096u + 64);
  EXPECT_LE(sizeof(strict_decoder<tiny_device>), 2560u + 64);
}

TEST(patch, that_is_cut_off_is_refused) {
  const pair files = committed("python-e368856", ".py");
  const file_bytes patch = patch_of(files);
  for (std::size_t size = 0; size < patch.size(); ++size) {
    const file_bytes part(patch.begin(), patch.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(apply_as_device(files, part), nullptr) << size;
    apply_blindly(files.old_file, part);
  }
}

TEST(patch, with_a_wrong_byte_is_refused) {
  const pair files = committed("python-e368856", ".py");
  const file_bytes patch = patch_of(files);
  std::size_t ended_early = 0;
  for (std::size_t i = 0; i < patch.size(); ++i)
    for (const int change : {1, 0x80, 0xff}) {
      file_bytes wrong = patch;
      wrong[i] = static_cast<std::uint8_t>(wrong[i] ^ change);
      EXPECT_NE(apply_as_device(files, wrong), nullptr) << i;
      const auto header = ota::read_patch_header(view(wrong).first(ota::patch_header::max_size));
      if (!header || header->new_size > 1000000) continue;
      const made done = apply_blindly(files.old_file, wrong);
      if (done.failure != nullptr) ++ended_early;
      const bool in_hashes =
          i + ota::patch_header::old_hash_size + ota::patch_header::new_hash_size >= header->size &&
          i < header->size;
      // The last byte may be another one and tell the same.
      const std::size_t coded_end = patch.size() - ota::patch_header::sum_size - 1;
      if (!in_hashes && i < coded_end && done.failure == nullptr) {
        strict_source result{view(done.content)};
        EXPECT_EQ(&ota::check_patch_result(*header, result).error(),
                  &ota::patch_errors::wrong_result)
            << i;
      }
    }
  EXPECT_GT(ended_early, 100u);
}

// Its length is 2 + (2^32 - 2), which is none in 32 bits; the sum is right.
TEST(patch, with_a_copy_of_4_gib_is_refused) {
  const auto patch = from_digits(
      "4f4450010000001e0502002cf24dba5fb0a30e"
      "fb8e20fc2e4c3f248c60c39bd652f3c130bffffffffffe762c0000fa1d7732");
  EXPECT_EQ(apply_blindly(of_text("hello"), patch).failure, &ota::patch_errors::damaged);
}

TEST(patch, goes_on_from_any_state) {
  const pair files = committed("rp2-mpy-tiny");
  const file_bytes patch = patch_of(files);
  strict_source old_source{view(files.old_file)}, patch_source{view(patch)};
  strict_result out;
  out.limit = files.new_file.size();
  strict_decoder<> decoder(old_source, patch_source, out);
  ASSERT_TRUE(decoder.open());
  for (unsigned steps = 0;; ++steps) {
    const auto more = decoder.step();
    ASSERT_TRUE(more);
    if (!*more) break;
    if (steps % 97 != 0) continue;
    // The power is cut: all that is left is the new file's durable part and the state.
    strict_result other;
    other.limit = out.limit;
    other.content = out.content;
    strict_decoder<> next(old_source, patch_source, other);
    ASSERT_TRUE(next.open());
    std::copy(decoder.state().begin(), decoder.state().end(), next.state().begin());
    ASSERT_TRUE(next.resume());
    for (int i = 0; i < 60; ++i) {
      const auto goes_on = next.step();
      ASSERT_TRUE(goes_on);
      if (!*goes_on) break;
    }
    EXPECT_TRUE(std::equal(other.content.begin(), other.content.end(), files.new_file.begin()));
    EXPECT_GE(other.content.size(), out.content.size());
  }
  EXPECT_EQ(out.content, files.new_file);
}

TEST(patch, passes_the_errors_of_storage_on) {
  pair files{"changed everywhere", random_bytes(8000, 5), {}};
  files.new_file = files.old_file;
  const file_bytes changes = random_bytes(files.new_file.size() / 16, 6);
  for (std::size_t i = 0; i < changes.size(); ++i) files.new_file[16 * i] = changes[i];
  const file_bytes patch = patch_of(files);
  for (int kind = 0; kind < 2; ++kind)
    for (long reads = 0; reads < 20; ++reads) {
      strict_source old_source{view(files.old_file)}, patch_source{view(patch)};
      (kind == 0 ? old_source : patch_source).reads_left = reads;
      strict_result out;
      out.limit = files.new_file.size();
      strict_decoder<> decoder(old_source, patch_source, out);
      ota::result<void> opened = decoder.open();
      ota::result<bool> more = true;
      while (opened && more && *more) more = decoder.step();
      if (opened && more) continue;  // it took fewer reads
      EXPECT_STREQ(opened ? more.error().text : opened.error().text, "unreadable");
      // What could not be read was not made up.
      EXPECT_EQ(file_bytes(files.new_file.begin(),
                           files.new_file.begin() + static_cast<long>(out.content.size())),
                out.content);
    }
}

// --- in place

// Applies a patch over the old file itself, of which no more is left than its lag promises.
file_bytes apply_in_place(const pair& files, const file_bytes& patch, std::uint32_t lag) {
  struct shrinking_source {
    std::uint32_t size() const { return static_cast<std::uint32_t>(content.size()); }
    ota::result<void> read(std::uint32_t offset, ota::mutable_bytes data) {
      const std::size_t written = out->content.size();
      for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = offset + i + lag < written ? 0xee : content[offset + i];
      return {};
    }
    file_bytes content;
    strict_result* out;
    std::uint32_t lag;
  };
  strict_result out;
  out.limit = files.new_file.size();
  shrinking_source old_source{files.old_file, &out, lag};
  strict_source patch_source{view(patch)};
  ota::patch_decoder<shrinking_source, strict_source, strict_result, ota::every_patch> decoder(
      old_source, patch_source, out);
  if (!decoder.open()) std::abort();
  for (;;) {
    const auto more = decoder.step();
    if (!more || !*more) break;
  }
  return out.content;
}

TEST(patch, in_place_reads_nothing_that_was_overwritten) {
  std::vector<pair> all = pairs();
  all.erase(all.begin());  // a large one
  // What is put in pushes all the rest behind where it was.
  pair pushed{"pushed", random_bytes(20000, 3), {}};
  pushed.new_file = random_bytes(3000, 4);
  pushed.new_file.insert(pushed.new_file.end(), pushed.old_file.begin(), pushed.old_file.end());
  all.push_back(pushed);
  for (const pair& files : all)
    for (const std::uint32_t lag : {0u, 64u, 4096u}) {
      SCOPED_TRACE(files.name + ", lag " + std::to_string(lag));
      ota::host::patch_options options;
      options.lag = lag;
      const file_bytes patch = patch_of(files, options);
      EXPECT_EQ(ota::read_patch_header(view(patch))->lag, lag);
      EXPECT_EQ(apply_in_place(files, patch, lag), files.new_file);
    }
  ota::host::patch_options enough, too_little;
  enough.lag = 4096;
  too_little.lag = 2000;
  EXPECT_LT(patch_of(pushed, enough).size(), 3300u);
  EXPECT_GT(patch_of(pushed, too_little).size(), 20000u);
}

TEST(patch, in_place_that_breaks_its_word_is_refused) {
  pair pushed{"pushed", random_bytes(20000, 3), {}};
  pushed.new_file = random_bytes(3000, 4);
  pushed.new_file.insert(pushed.new_file.end(), pushed.old_file.begin(), pushed.old_file.end());
  ota::host::patch_options options;
  options.lag = 3000;
  file_bytes patch = patch_of(pushed, options);
  const auto header = ota::read_patch_header(view(patch));
  // The lag is the third of the numbers behind the eight fixed bytes: 3001 as 0xb9 0x17.
  const std::uint8_t told[] = {0xb9, 0x17};
  const auto lag =
      std::search(patch.begin(), patch.begin() + header->size, std::begin(told), std::end(told));
  ASSERT_NE(lag, patch.begin() + header->size);
  --*lag;
  EXPECT_EQ(apply_blindly(pushed.old_file, patch).failure, &ota::patch_errors::damaged);
}

}  // namespace
