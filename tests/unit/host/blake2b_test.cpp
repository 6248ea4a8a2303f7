#include "ota/host/blake2b.hpp"

#include <gtest/gtest.h>

#include "ota/host/signed_documents.hpp"
#include "support/python.hpp"

namespace {

using namespace ota_test;

std::string digest_of(const std::string& text, std::size_t piece = 0) {
  ota::host::blake2b hash;
  if (piece == 0) piece = text.size() + 1;
  for (std::size_t at = 0; at < text.size(); at += piece)
    hash.update(ota::as_bytes(text.substr(at, piece)));
  const auto digest = hash.finish();
  return ota::host::hex_of({digest.data(), digest.size()});
}

// RFC 7693, appendix A.
TEST(blake2b, makes_the_digest_of_the_standard) {
  EXPECT_EQ(digest_of("abc"),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(blake2b, agrees_with_python_for_every_length_around_blocks) {
  OTA_NEEDS_PYTHON();
  const auto expected = ask_python(
      "import hashlib\n"
      "for n in range(400):\n"
      "  print(hashlib.blake2b(bytes(i * 7 % 256 for i in range(n))).hexdigest())\n");
  ASSERT_EQ(expected.size(), 400u);
  std::string text;
  for (std::size_t size = 0; size < expected.size(); ++size) {
    EXPECT_EQ(digest_of(text), expected[size]) << size;
    EXPECT_EQ(digest_of(text, 1 + size % 131), expected[size]) << size;
    text += static_cast<char>(size * 7 % 256);
  }
}

}  // namespace
