// Images that MCUboot's imgtool made (tests/data/imgtool), and what is left of them after damage.

#include "ota/image/mcuboot_image.hpp"

#include <gtest/gtest.h>

#include "ota/host/image_key.hpp"
#include "support/image_slot.hpp"

namespace {

using namespace ota_test;

template <class Signature>
struct rules_for : ota::image_rules {
  using signature = Signature;
  static inline std::vector<ota::bytes> keys;
};
using by_ed25519 = rules_for<ota::image_ed25519>;

std::vector<std::uint8_t> key_in(const std::string& name) {
  return ota::host::image_key_of(imgtool_data(name)).data;
}

template <class Rules>
ota::result<ota::image_info> checked(const std::string& image, std::uint32_t slot = 4096) {
  image_slot flash(image, slot);
  return ota::mcuboot_image<Rules>::check(flash, flash.region);
}

/// What is wrong with an image; empty: nothing.
template <class Rules>
std::string refusal(const std::string& image, std::uint32_t slot = 4096) {
  return checked<Rules>(image, slot).error().text;
}

template <class Signature>
std::string refusal_by(const std::string& image, const std::string& key) {
  const auto data = key_in(key);
  rules_for<Signature>::keys = {{data.data(), data.size()}};
  return refusal<rules_for<Signature>>(image);
}

struct mcuboot_image : ::testing::Test {
  const std::vector<std::uint8_t> key = key_in("ed25519.pem");
  const std::string image = imgtool_data("ed25519.bin");

  void SetUp() override { by_ed25519::keys = {{key.data(), key.size()}}; }

  // Little-endian numbers of the header, for hostile ones.
  static std::string with(std::string bytes, std::size_t at, std::uint32_t value,
                          std::size_t size = 4) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> 8 * i);
    return bytes;
  }
};

TEST_F(mcuboot_image, takes_what_imgtool_signed_in_each_of_its_ways) {
  EXPECT_EQ(refusal_by<ota::image_ed25519>(image, "ed25519.pem"), "");
  EXPECT_EQ(refusal_by<ota::image_ed25519>(imgtool_data("full_key.bin"), "ed25519.pem"), "");
  EXPECT_EQ(refusal_by<ota::image_ecdsa_p256>(imgtool_data("ecdsa.bin"), "ecdsa.pem"), "");
  EXPECT_EQ(refusal_by<ota::image_rsa<2048>>(imgtool_data("rsa2048.bin"), "rsa2048.pem"), "");
  EXPECT_EQ(refusal_by<ota::image_rsa<3072>>(imgtool_data("rsa3072.bin"), "rsa3072.pem"), "");
  EXPECT_EQ(refusal<ota::image_rules>(imgtool_data("unsigned.bin")), "");
}

// The figures of the command that made it, and of `imgtool dumpinfo` (README.md beside the data).
TEST_F(mcuboot_image, says_what_the_image_is) {
  const auto info = checked<by_ed25519>(imgtool_data("protected.bin"));
  ASSERT_TRUE(info) << info.error().text;
  EXPECT_EQ(info->header_size, 32u);
  EXPECT_EQ(info->payload_size, 300u);
  EXPECT_EQ(info->size, imgtool_data("protected.bin").size());
  EXPECT_EQ(info->version, (ota::image_version{1, 2, 3, 4}));
  EXPECT_EQ(info->security_counter, 7u);
  EXPECT_EQ(info->flags, 0u);
  image_slot flash(imgtool_data("protected.bin"));
  char name[12];
  ASSERT_EQ(info->hardware.size, sizeof name);
  ASSERT_TRUE(
      flash.read(info->hardware.begin, {reinterpret_cast<std::uint8_t*>(name), sizeof name}));
  EXPECT_EQ(std::string(name, sizeof name), "thermostat-2");
}

TEST_F(mcuboot_image, tells_an_unsigned_image_from_a_wrongly_signed_one) {
  EXPECT_EQ(refusal<by_ed25519>(imgtool_data("unsigned.bin")), "not signed as this device asks");
  EXPECT_EQ(refusal<by_ed25519>(imgtool_data("ecdsa.bin")), "not signed as this device asks");
  EXPECT_EQ(refusal<by_ed25519>(imgtool_data("other_key.bin")),
            "signed by no key that is known here");
  std::string forged = image;
  forged.back() ^= 1;
  EXPECT_EQ(refusal<by_ed25519>(forged), "wrong signature");
  // What it names is a key we know, but it was signed by another.
  forged = imgtool_data("other_key.bin");
  const std::size_t name = forged.size() - 4 - 64 - 32;
  forged.replace(name, 32, image, name, 32);
  EXPECT_EQ(refusal<by_ed25519>(forged), "wrong signature");
}

TEST_F(mcuboot_image, takes_any_of_several_keys) {
  const std::vector<std::uint8_t> other(32, 9);
  by_ed25519::keys = {{other.data(), other.size()}, {key.data(), key.size()}};
  EXPECT_EQ(refusal<by_ed25519>(image), "");
  by_ed25519::keys = {{other.data(), other.size()}};
  EXPECT_EQ(refusal<by_ed25519>(image), "signed by no key that is known here");
  by_ed25519::keys = {};
  EXPECT_EQ(refusal<by_ed25519>(image), "signed by no key that is known here");
}

TEST_F(mcuboot_image, refuses_what_it_could_not_run) {
  EXPECT_EQ(refusal<ota::image_rules>(imgtool_data("encrypted.bin")),
            "encrypted, which is not supported");
  EXPECT_EQ(refusal<ota::image_rules>(imgtool_data("for_ram.bin")),
            "compressed, made for RAM or not bootable");
  EXPECT_EQ(refusal<ota::image_rules>(imgtool_data("sha512.bin")), "made without SHA-256");
  EXPECT_NE(refusal<by_ed25519>(imgtool_data("pure.bin")), "");
}

TEST_F(mcuboot_image, finds_no_image_in_an_erased_slot) {
  EXPECT_EQ(refusal<ota::image_rules>(""), "no image there");
  EXPECT_EQ(refusal<ota::image_rules>(std::string(4096, '\0')), "no image there");
  EXPECT_EQ(refusal<ota::image_rules>("", 16), "no image there");
}

TEST_F(mcuboot_image, refuses_every_flipped_bit) {
  for (std::size_t at = 0; at < image.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = image;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      ASSERT_FALSE(checked<by_ed25519>(damaged)) << at << " bit " << bit;
    }
}

TEST_F(mcuboot_image, refuses_an_image_of_which_the_end_is_missing) {
  for (std::size_t size = 0; size < image.size(); ++size)
    ASSERT_FALSE(checked<by_ed25519>(image.substr(0, size))) << size;
  const std::string cut = "cut off: its hash and signatures are not all there";
  EXPECT_EQ(refusal<by_ed25519>(image.substr(0, 332)), cut);
  EXPECT_EQ(refusal<by_ed25519>(image.substr(0, 200)), cut);
  // The slot ends before the image does.
  EXPECT_EQ(refusal<by_ed25519>(image.substr(0, 400), 400), cut);
}

TEST_F(mcuboot_image, refuses_an_image_larger_than_its_slot) {
  EXPECT_EQ(refusal<by_ed25519>(image.substr(0, 331), 331), "too large for the slot");
  for (const std::uint32_t size : {4065u, 0x7fffffffu, 0xffffffe0u, 0xffffffffu})
    EXPECT_EQ(refusal<by_ed25519>(with(image, 12, size)), "too large for the slot") << size;
  EXPECT_EQ(refusal<by_ed25519>(with(image, 8, 0xffff, 2)), "too large for the slot");
}

TEST_F(mcuboot_image, refuses_a_damaged_header) {
  EXPECT_EQ(refusal<by_ed25519>(with(image, 8, 31, 2)), "damaged header");
  EXPECT_EQ(refusal<by_ed25519>(with(image, 12, 0)), "damaged header");
  // Lists that do not agree with the header, or with themselves.
  const std::string list = imgtool_data("protected.bin");
  EXPECT_NE(refusal<by_ed25519>(with(list, 10, 0, 2)), "");
  EXPECT_NE(refusal<by_ed25519>(with(list, 10, 4, 2)), "");
  EXPECT_NE(refusal<by_ed25519>(with(list, 10, 0xffff, 2)), "");
  EXPECT_NE(refusal<by_ed25519>(with(list, 334, 0, 2)), "");
  EXPECT_NE(refusal<by_ed25519>(with(image, 334, 3, 2)), "");
  EXPECT_NE(refusal<by_ed25519>(with(image, 334, 0xffff, 2)), "");
}

// What is hashed is what the header says, to the byte, though a hash of less or more be right.
TEST_F(mcuboot_image, refuses_a_protected_list_of_another_size_than_the_header_says) {
  const std::string list = imgtool_data("protected.bin");
  const std::size_t hashed = 332 + static_cast<std::uint8_t>(list[334]);
  ASSERT_EQ(list[10], list[334]);
  for (const int more : {-4, 4}) {
    std::string other = with(list, 10, static_cast<std::uint8_t>(list[10] + more), 2);
    ota::sha256 sum;
    sum.update(ota::as_bytes(std::string_view(other).substr(0, hashed)));
    const auto digest = sum.finish();
    const std::size_t at = other.find(std::string("\x10\0\x20\0", 4), hashed);
    ASSERT_NE(at, std::string::npos);
    std::copy(digest.begin(), digest.end(), other.begin() + static_cast<std::ptrdiff_t>(at) + 4);
    EXPECT_EQ(refusal<ota::image_rules>(other), "damaged header");
  }
}

TEST_F(mcuboot_image, refuses_lists_that_end_elsewhere_than_their_entries) {
  const std::string cut = "cut off: its hash and signatures are not all there";
  EXPECT_EQ(refusal<by_ed25519>(with(image, 334, 3, 2)), cut);
  EXPECT_EQ(refusal<by_ed25519>(with(image, image.size() - 66, 65, 2)), cut);
  // A signature with a byte too many, which the list has room for.
  std::string longer = with(image, image.size() - 66, 65, 2) + '\0';
  longer = with(longer, 334, static_cast<std::uint32_t>(longer.size() - 332), 2);
  EXPECT_EQ(refusal<by_ed25519>(longer), "wrong signature");
}

std::string entry(std::uint8_t type, const std::string& value) {
  return std::string{static_cast<char>(type), 0, static_cast<char>(value.size()), 0} + value;
}

// An image with a right hash and what a list of ours says of it, each as large as is told.
std::string made_with(const std::string& payload, const std::string& in_protected,
                      std::size_t digest_size) {
  const auto list = [](char magic, const std::string& entries) {
    return std::string{magic, 0x69, static_cast<char>(4 + entries.size()), 0} + entries;
  };
  const std::string claims = list(8, in_protected);
  std::string made = payload;
  made[10] = static_cast<char>(claims.size());
  made += claims;
  ota::sha256 sum;
  sum.update(ota::as_bytes(std::string_view(made)));
  const auto digest = sum.finish();
  std::string value(digest.begin(), digest.end());
  value.resize(digest_size);
  return made + list(7, entry(0x10, value));
}

TEST_F(mcuboot_image, refuses_entries_that_are_too_short_or_too_long) {
  const std::string payload = imgtool_data("unsigned.bin").substr(0, 332);
  const auto with_counter = [&](std::size_t size) {
    return refusal<ota::image_rules>(made_with(payload, entry(0x50, std::string(size, 1)), 32));
  };
  EXPECT_EQ(with_counter(4), "");
  for (const std::size_t size : {0u, 3u, 5u}) EXPECT_EQ(with_counter(size), "damaged header");
  for (const std::size_t size : {0u, 31u, 33u, 48u})
    EXPECT_EQ(refusal<ota::image_rules>(made_with(payload, "", size)), "made without SHA-256");
}

template <bool TakesUnnamed>
struct thermostat : by_ed25519 {
  static constexpr std::string_view hardware = "thermostat-2";
  static constexpr bool takes_unnamed = TakesUnnamed;
};
struct other_board : by_ed25519 {
  static constexpr std::string_view hardware = "thermostat-3";
};

TEST_F(mcuboot_image, refuses_an_image_for_other_hardware) {
  const std::string named = imgtool_data("protected.bin");
  EXPECT_EQ(refusal<thermostat<false>>(named), "");
  EXPECT_EQ(refusal<by_ed25519>(named), "");
  EXPECT_EQ(refusal<other_board>(named), "for other hardware");
  EXPECT_EQ(refusal<thermostat<false>>(image), "for other hardware");
  EXPECT_EQ(refusal<thermostat<true>>(image), "");
}

// Whoever adds a name or a counter where it is not signed changes nothing.
TEST_F(mcuboot_image, believes_only_what_is_protected) {
  std::string added = image;
  added += std::string("\xa0\0\x0c\0thermostat-2\x50\0\4\0\7\0\0\0", 24);
  added = with(added, 334, static_cast<std::uint32_t>(added.size() - 332), 2);
  const auto info = checked<by_ed25519>(added);
  ASSERT_TRUE(info) << info.error().text;
  EXPECT_EQ(info->security_counter, 0u);
  EXPECT_EQ(info->hardware.size, 0u);
  EXPECT_EQ(refusal<thermostat<false>>(added), "for other hardware");
}

struct device_rules : ota::image_rules {
  using signature = ota::image_ed25519;
  static constexpr std::uint8_t release_key[32] = {1, 2, 3};
  static constexpr ota::bytes keys[] = {release_key};
};

TEST_F(mcuboot_image, has_its_keys_compiled_in) {
  EXPECT_EQ(refusal<device_rules>(image), "signed by no key that is known here");
}

TEST(image_successor, is_not_older_and_has_no_lower_counter) {
  ota::image_info running, next;
  running.version = next.version = {1, 2, 3, 4};
  running.security_counter = next.security_counter = 7;
  EXPECT_TRUE(ota::mcuboot_image<ota::image_rules>::check_successor(running, next));
  next.version.build = 3;
  EXPECT_STREQ(ota::mcuboot_image<ota::image_rules>::check_successor(running, next).error().text,
               "older than the running one");
  next.version = {1, 2, 4, 0};
  EXPECT_TRUE(ota::mcuboot_image<ota::image_rules>::check_successor(running, next));
  next.version = {0, 255, 65535, 0xffffffff};
  EXPECT_FALSE(ota::mcuboot_image<ota::image_rules>::check_successor(running, next));
  next.version = {2, 0, 0, 0};
  next.security_counter = 6;
  EXPECT_STREQ(ota::mcuboot_image<ota::image_rules>::check_successor(running, next).error().text,
               "its security counter is lower than that of the running one");
}

}  // namespace
