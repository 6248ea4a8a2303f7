// Images as the tool makes them: the bytes that imgtool makes (tests/data/imgtool).

#include "ota/host/image_pack.hpp"

#include <gtest/gtest.h>

#include "ota/host/image_verify.hpp"
#include "support/image_slot.hpp"
#include "support/openssl_key.hpp"

namespace {

using namespace ota_test;
using file = std::vector<std::uint8_t>;

file program() {
  file out(300);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 7 + 3);
  return out;
}

ota::bytes view(const file& data) { return {data.data(), data.size()}; }

file packed(const ota::host::image_options& options) {
  return ota::host::packed_image(view(program()), options);
}

std::string text_of(const file& data) { return {data.begin(), data.end()}; }

ota::host::image_options numbered() {
  ota::host::image_options options;
  options.version = {1, 2, 3, 4};
  return options;
}

TEST(image_pack, makes_the_unsigned_image_of_imgtool) {
  EXPECT_EQ(text_of(packed(numbered())), imgtool_data("unsigned.bin"));
}

// The key and with it the signature differ; all before is the same.
TEST(image_pack, makes_the_protected_part_of_imgtool) {
  auto options = numbered();
  options.security_counter = 7;
  options.hardware = "thermostat-2";
  const std::string image = text_of(packed(options)), expected = imgtool_data("protected.bin");
  const std::size_t same = 332 + 4 + 8 + 16;
  EXPECT_EQ(image.substr(0, same), expected.substr(0, same));
  EXPECT_EQ(image.substr(same + 4), expected.substr(same + 4, 36));  // the list is shorter
}

TEST(image_pack, signs_what_the_check_takes) {
  const openssl_key key(5);
  auto options = numbered();
  options.signer = ota::host::image_signer{key.public_key(), key.signer().sign};
  const file image = packed(options);
  const ota::host::image_key known{ota::image_tlv::ed25519, key.public_key()};
  const ota::host::image_key other{ota::image_tlv::ed25519, openssl_key(6).public_key()};
  EXPECT_TRUE(ota::host::check_image_file(view(image), &known));
  EXPECT_TRUE(ota::host::check_image_file(view(image), nullptr));
  EXPECT_FALSE(ota::host::check_image_file(view(image), &other));
}

TEST(image_pack, pads_a_slot_as_imgtool_does) {
  const auto end = [](std::uint32_t align, bool confirmed) {
    ota::host::slot_options slot;
    slot.size = 4096;
    slot.align = align;
    slot.max_sectors = 4;
    slot.confirmed = confirmed;
    const auto image = ota::host::padded_image(packed(numbered()), slot);
    EXPECT_EQ(image.size(), 4096u);
    return text_of(image).substr(4096 - 200);
  };
  for (const std::uint32_t align : {1u, 4u, 8u})
    EXPECT_EQ(end(align, false), imgtool_data("trailer_pad_" + std::to_string(align) + ".bin"));
  for (const std::uint32_t align : {8u, 16u, 32u})
    EXPECT_EQ(end(align, true), imgtool_data("trailer_confirm_" + std::to_string(align) + ".bin"));
}

TEST(image_pack, leaves_mcuboot_its_trailer) {
  ota::host::slot_options slot;
  slot.size = 4096;
  // By imgtool: 128 sectors, 3 states of 8 bytes; swap size, swap info and two flags of 8; 16.
  EXPECT_EQ(ota::host::trailer_size(slot), 3120u);
  EXPECT_NO_THROW(ota::host::check_fits(976, slot));
  EXPECT_THROW(ota::host::check_fits(977, slot), std::invalid_argument);
  EXPECT_THROW(ota::host::check_fits(4097, slot), std::invalid_argument);
  slot.align = 3;
  EXPECT_THROW(ota::host::check_fits(1, slot), std::invalid_argument);
}

TEST(image_pack, refuses_what_cannot_be_packed) {
  auto options = numbered();
  EXPECT_THROW(ota::host::packed_image({}, options), std::invalid_argument);
  options.header_size = 31;
  EXPECT_THROW(packed(options), std::invalid_argument);
  options.header_size = 65536;
  EXPECT_THROW(packed(options), std::invalid_argument);
  options.header_size = 512;
  EXPECT_TRUE(ota::host::check_image_file(view(packed(options)), nullptr));
  options.hardware = std::string(65, 'x');
  EXPECT_THROW(packed(options), std::invalid_argument);
}

TEST(image_key, is_read_from_pem_and_from_files_of_this_library) {
  const auto key = ota::host::image_key_of(imgtool_data("ed25519.pem"));
  EXPECT_EQ(key.kind, ota::image_tlv::ed25519);
  const auto same = ota::host::image_key_of(ota::host::key_text("ed25519", view(key.data)) + "\n");
  EXPECT_EQ(same.kind, key.kind);
  EXPECT_EQ(same.data, key.data);
  EXPECT_EQ(ota::host::image_key_of(imgtool_data("ecdsa.pem")).kind, ota::image_tlv::ecdsa);
  EXPECT_EQ(ota::host::image_key_of(imgtool_data("rsa2048.pem")).kind, ota::image_tlv::rsa2048_pss);
  EXPECT_EQ(ota::host::image_key_of(imgtool_data("rsa3072.pem")).kind, ota::image_tlv::rsa3072_pss);
}

TEST(image_key, is_refused_where_there_is_none) {
  const std::string pem = imgtool_data("rsa2048.pem");
  for (std::size_t size = 0; size < pem.size() - 26; ++size)
    EXPECT_THROW(ota::host::image_key_of(pem.substr(0, size)), std::invalid_argument) << size;
  for (const char* text : {"ed25519", "ed25519 00", "ed448 00", "rsa", ""})
    EXPECT_THROW(ota::host::image_key_of(text), std::invalid_argument);
}

}  // namespace
