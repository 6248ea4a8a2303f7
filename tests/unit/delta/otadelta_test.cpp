// Patches of the format OTADELTA: those of the original generator (tests/data/delta), and such
// as nobody should have made.

#include "ota/delta/otadelta.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "ota/delta/memory_source.hpp"
#include "support/digest.hpp"
#include "support/otadelta.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;
using file = std::vector<std::uint8_t>;

const std::string magic = "4f544144454c544101";

std::uint32_t size_of(const std::string& content) {
  return static_cast<std::uint32_t>(content.size());
}

ota::bytes view(const file& data) { return {data.data(), data.size()}; }

// Applies a patch, given by its digits behind the magic.
applied apply_digits(const std::string& old_file, const std::string& digits,
                     std::uint32_t limit = 1000) {
  const file patch = from_digits(magic + digits);
  return apply_otadelta(ota::as_bytes(old_file), view(patch), limit);
}

// An instruction that the original's `create_delta` made for these two texts, with blocks of 4.
const std::string hello = "Hello World!", hello_patch = "0100060207507974686f6e21ff";

TEST(otadelta, of_the_original_generator_is_applied) {
  EXPECT_EQ(apply_digits(hello, hello_patch).text, "Hello Python!");
  std::string run;
  for (int i = 0; i < 1024; ++i) run += static_cast<char>(i);
  const applied inserted = apply_digits(run,
                                        "01008004"
                                        "0208494e534552544544"
                                        "01008004"
                                        "ff",
                                        2000);
  EXPECT_EQ(inserted.failure, nullptr);
  EXPECT_EQ(inserted.text, run.substr(0, 512) + "INSERTED" + run.substr(0, 512));
  for (const char* name : {"8ba7490", "e368856", "76c6dfa", "66f5405", "1cca950", "e055b56"}) {
    const std::string folder = OTA_DELTA_PAIRS "/python-" + std::string(name);
    const std::string old_file = content_of(folder + "/old.py"),
                      new_file = content_of(folder + "/new.py"),
                      patch = content_of(folder + "/original.delta");
    ASSERT_GT(patch.size(), 900u);
    const applied done =
        apply_otadelta(ota::as_bytes(old_file), ota::as_bytes(patch), size_of(new_file));
    EXPECT_EQ(done.failure, nullptr) << name;
    EXPECT_TRUE(done.text == new_file) << name;
  }
}

TEST(otadelta, reads_numbers_of_32_bits) {
  struct {
    const char* digits;
    std::uint32_t value;
  } const cases[] = {{"00", 0},
                     {"7f", 127},
                     {"8001", 128},
                     {"ac02", 300},
                     {"8020", 4096},
                     {"808001", 16384},
                     {"ffffffff0f", 0xffffffff},
                     {"8080808000", 0},
                     {"ff00", 127}};
  for (const auto& one : cases) {
    const file patch = from_digits("02" + std::string(one.digits));
    const auto read = ota::otadelta_instruction::read(view(patch));
    ASSERT_TRUE(read) << one.digits;
    EXPECT_EQ(read->length, one.value) << one.digits;
    EXPECT_EQ(read->size, patch.size()) << one.digits;
  }
}

TEST(otadelta, that_breaks_the_format_is_refused_for_what_is_wrong) {
  using wrong = ota::otadelta_error;
  struct {
    const char* digits;
    const ota::error& failure;
    const char* written;
  } const cases[] = {
      {"", wrong::cut_off, ""},
      {"0200", wrong::cut_off, ""},
      {"00ff", wrong::unknown_instruction, ""},
      {"03ff", wrong::unknown_instruction, ""},
      {"020141feff", wrong::unknown_instruction, "A"},
      {"02ffffffff10", wrong::number_too_large, ""},
      {"028080808010", wrong::number_too_large, ""},
      {"02808080808000", wrong::number_too_large, ""},
      {"01ffffffff1f01ff", wrong::number_too_large, ""},
      {"010d00ff", wrong::outside, nullptr},  // no byte of it is needed: taken
      {"010c01ff", wrong::outside, ""},
      {"010d01ff", wrong::outside, ""},
      {"01000dff", wrong::outside, ""},
      {"020141010bffffffff0fff", wrong::too_large, "A"},
      {"0101f7ffffff0fff", wrong::too_large, ""},
      {"01ffffffff0f01ff", wrong::outside, ""},
      {"01f7ffffff0f09ff", wrong::outside, ""},
      {"01000c01000c010001ff", wrong::too_large, "Hello World!Hello World!"},
      {"02194142ff", wrong::too_large, ""},
      {"0202414fff", wrong::cut_off, nullptr},
      {"020341ff", wrong::cut_off, ""},
  };
  for (const auto& one : cases) {
    const applied done = apply_digits(hello, one.digits, 24);
    if (one.written == nullptr) {
      EXPECT_EQ(done.failure, nullptr) << one.digits;
      continue;
    }
    EXPECT_EQ(done.failure, &one.failure) << one.digits;
    EXPECT_EQ(done.text, one.written) << one.digits;
  }
  const file no_limit = from_digits(magic + "0101ffffffff0fff");
  EXPECT_EQ(apply_otadelta(ota::as_bytes(hello), view(no_limit),
                           std::numeric_limits<std::uint32_t>::max())
                .failure,
            &ota::otadelta_error::outside);
}

TEST(otadelta, takes_an_instruction_as_long_as_it_can_be) {
  const applied done = apply_digits(hello,
                                    "018080808000"
                                    "8580808000"
                                    "ff");
  EXPECT_EQ(done.failure, nullptr);
  EXPECT_EQ(done.text, "Hello");
}

TEST(otadelta, is_known_by_its_magic_and_version) {
  using wrong = ota::otadelta_error;
  for (const char* digits : {"", "4f", "4f544144454c5441", "4f544144454c544201ff", "ff"})
    EXPECT_EQ(apply_otadelta({}, view(from_digits(digits)), 0).failure, &wrong::not_otadelta);
  for (const char* digits : {"4f544144454c544100ff", "4f544144454c544102ff"})
    EXPECT_EQ(apply_otadelta({}, view(from_digits(digits)), 0).failure, &wrong::other_version);
  EXPECT_EQ(apply_otadelta({}, view(from_digits(magic + "ff")), 0).failure, nullptr);
}

TEST(otadelta, may_be_followed_by_anything) {
  const applied done = apply_digits(hello, hello_patch + "00ff0203");
  EXPECT_EQ(done.failure, nullptr);
  EXPECT_EQ(done.text, "Hello Python!");
}

TEST(otadelta, cut_off_anywhere_is_refused) {
  const std::string folder = OTA_DELTA_PAIRS "/python-8ba7490/";
  const std::string old_file = content_of(folder + "old.py"),
                    new_file = content_of(folder + "new.py"),
                    patch = content_of(folder + "original.delta");
  ASSERT_GT(patch.size(), 900u);
  for (std::size_t size = 0; size < patch.size(); ++size) {
    const applied done = apply_otadelta(ota::as_bytes(old_file), ota::as_bytes(patch).first(size),
                                        size_of(new_file));
    EXPECT_EQ(done.failure,
              size < 9 ? &ota::otadelta_error::not_otadelta : &ota::otadelta_error::cut_off)
        << size;
    EXPECT_EQ(new_file.compare(0, done.text.size(), done.text), 0) << size;
  }
}

// The strict files end the program when a byte outside of them is asked for.
TEST(otadelta, changed_anywhere_stays_within_bounds) {
  const file patch = from_digits(magic + hello_patch);
  int refused = 0, taken = 0;
  for (std::size_t at = 0; at < patch.size(); ++at)
    for (unsigned change = 1; change < 256; ++change) {
      file changed = patch;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      const applied done = apply_otadelta(ota::as_bytes(hello), view(changed), 40);
      ++(done.failure != nullptr ? refused : taken);
      if (at < 9) {
        EXPECT_NE(done.failure, nullptr) << at;
      }
    }
  EXPECT_GT(refused, 0);
  EXPECT_GT(taken, 0);  // such as another letter, which only a digest finds
}

// The place and the lengths are those of a pair of real files, in pieces of an odd size.
TEST(otadelta, goes_on_from_any_state_that_was_kept) {
  static_assert(std::is_trivially_copyable_v<ota::otadelta_state>);
  static_assert(std::has_unique_object_representations_v<ota::otadelta_state>);
  const std::string folder = OTA_DELTA_PAIRS "/python-66f5405/";
  const std::string old_file = content_of(folder + "old.py"),
                    new_file = content_of(folder + "new.py"),
                    patch = content_of(folder + "original.delta");
  const ota::bytes old_bytes = ota::as_bytes(old_file), patch_bytes = ota::as_bytes(patch);
  const applied whole = apply_otadelta<101>(old_bytes, patch_bytes, size_of(new_file));
  ASSERT_EQ(whole.failure, nullptr);
  ASSERT_GT(whole.states.size(), new_file.size() / 101);
  for (const ota::otadelta_state& state : whole.states) {
    const applied rest = apply_otadelta<101>(old_bytes, patch_bytes, size_of(new_file), state,
                                             new_file.substr(0, state.written));
    EXPECT_EQ(rest.failure, nullptr);
    EXPECT_TRUE(rest.text == new_file) << state.written;
  }
}

TEST(otadelta, checks_a_state_as_it_checks_a_patch) {
  const file patch = from_digits(magic + hello_patch);
  const auto failure_from = [&](const ota::otadelta_state& state, std::uint32_t limit = 40) {
    return apply_otadelta(ota::as_bytes(hello), view(patch), limit, state).failure;
  };
  constexpr auto highest = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(failure_from({9, 0, 6, 7, ota::otadelta_kind::copy}), &ota::otadelta_error::outside);
  EXPECT_EQ(failure_from({9, 0, 13, 1, ota::otadelta_kind::copy}), &ota::otadelta_error::outside);
  EXPECT_EQ(failure_from({9, 0, highest, 1, ota::otadelta_kind::copy}),
            &ota::otadelta_error::outside);
  EXPECT_EQ(failure_from({9, 40, 0, 1, ota::otadelta_kind::copy}), &ota::otadelta_error::too_large);
  EXPECT_EQ(failure_from({9, 41, 0, 1, ota::otadelta_kind::copy}), &ota::otadelta_error::too_large);
  EXPECT_EQ(failure_from({9, highest, 0, 2, ota::otadelta_kind::data}),
            &ota::otadelta_error::too_large);
  EXPECT_EQ(failure_from({9, highest - 1, 0, 2, ota::otadelta_kind::data}, highest),
            &ota::otadelta_error::too_large);
}

// Storage that fails now and then: a step that failed is done again.
struct failing {
  static constexpr ota::error broken{ota::errc::storage, "test", "broken"};

  std::uint32_t size() const { return size_of(content); }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) {
    if (++calls % 2 != 0) return broken;
    return ota::memory_source(ota::as_bytes(content)).read(offset, out);
  }
  ota::result<void> append(ota::bytes data) {
    if (++calls % 2 != 0) return broken;
    content.append(ota::as_text(data));
    return {};
  }

  std::string content;
  int calls = 0;
};

TEST(otadelta, tells_a_failure_of_storage_and_can_go_on) {
  const file digits = from_digits(magic + hello_patch);
  failing old_file{hello}, patch{std::string(ota::as_text(view(digits)))}, out;
  ota::otadelta_applier<failing, failing, failing> applier(old_file, patch, out, 40);
  int failures = 0;
  for (;;) {
    const auto more = applier.step();
    if (!more) {
      ASSERT_EQ(&more.error(), &failing::broken);
      ++failures;
    } else if (!*more) {
      break;
    }
    ASSERT_LT(failures, 100);
  }
  EXPECT_EQ(out.content, "Hello Python!");
  // The header, three instructions; two pieces, each read, written in vain, read again.
  EXPECT_EQ(failures, 4 + 2 * 3);
}

// Copies reach as far as their numbers do: each byte of this file tells where it lies.
struct large_file {
  std::uint32_t size() const { return 0xffffffff; }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) const {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint8_t>('a' + (offset >> 28) + i);
    return {};
  }
};

TEST(otadelta, copies_up_to_the_end_of_4_GiB) {
  const large_file old_file;
  for (const auto& [digits, fits] :
       {std::pair{"01fcffffff0f03ff", true}, {"01fcffffff0f04ff", false}}) {
    const file patch_bytes = from_digits(magic + digits);
    const strict_file<256> patch{view(patch_bytes)};
    strict_output out{4, {}};
    ota::otadelta_applier<const large_file, const strict_file<256>, strict_output> applier(
        old_file, patch, out, 4);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(applier.step());
    const auto moved = applier.step();
    EXPECT_EQ(&moved.error(), fits ? &ota::no_error : &ota::otadelta_error::outside);
    EXPECT_EQ(out.text, fits ? "pqr" : "");
  }
}

TEST(memory_source, gives_what_is_there) {
  const ota::memory_source source(ota::as_bytes(hello));
  std::uint8_t room[6];
  EXPECT_EQ(source.size(), 12u);
  EXPECT_TRUE(source.read(6, room));
  EXPECT_EQ(ota::as_text(room), "World!");
  EXPECT_TRUE(source.read(12, ota::mutable_bytes(room).first(0)));
  EXPECT_EQ(ota::memory_source({}).size(), 0u);
}

}  // namespace
