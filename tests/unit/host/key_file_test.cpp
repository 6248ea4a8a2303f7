#include "ota/host/key_file.hpp"

#include <gtest/gtest.h>

#include "support/python.hpp"

namespace {

using namespace ota_test;
using ota::host::ed25519_key;
using ota::host::secret_key_of;
using ota::host::secret_key_text;

std::string hex(const ota::sha256::digest_type& bytes) {
  return ota::host::hex_of({bytes.data(), bytes.size()});
}

std::string derived(const std::string& passphrase, const std::string& salt, std::uint32_t count) {
  return hex(ota::host::pbkdf2_hmac_sha256(ota::as_bytes(passphrase), ota::as_bytes(salt), count));
}

// RFC 7914, 11, of which this is the first half of the 64 bytes.
TEST(pbkdf2, makes_the_keys_of_the_standard) {
  EXPECT_EQ(derived("passwd", "salt", 1),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(derived("Password", "NaCl", 80000),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST(pbkdf2, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  const auto expected = ask_python(
      "import hashlib\n"
      "for n in (1, 2, 3, 1000):\n"
      "  print(hashlib.pbkdf2_hmac('sha256', b'p' * (n * 31), b's' * n, n).hex())\n");
  ASSERT_EQ(expected.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint32_t n = std::uint32_t{i == 3 ? 1000u : static_cast<unsigned>(i + 1)};
    EXPECT_EQ(derived(std::string(n * 31, 'p'), std::string(n, 's'), n), expected[i]) << n;
  }
}

struct key_file : ::testing::Test {
  const ed25519_key key = ed25519_key::generate();

  static std::string trouble(const std::string& text, const std::string& passphrase) {
    try {
      (void)secret_key_of(text, passphrase);
    } catch (const std::invalid_argument& wrong) {
      return wrong.what();
    }
    return {};
  }
};

TEST_F(key_file, is_read_as_it_was_written) {
  EXPECT_EQ(secret_key_of(secret_key_text(key, ""), "").seed(), key.seed());
  EXPECT_EQ(secret_key_of(secret_key_text(key, ""), "not needed").seed(), key.seed());
  EXPECT_EQ(secret_key_of(secret_key_text(key, "open"), "open").seed(), key.seed());
  EXPECT_NE(secret_key_text(key, "open"), secret_key_text(key, "open"));
}

TEST_F(key_file, tells_a_wrong_passphrase) {
  const std::string text = secret_key_text(key, "open");
  EXPECT_EQ(trouble(text, "Open"), "wrong passphrase, or a damaged secret key");
  EXPECT_EQ(trouble(text, ""), "a secret key that needs its passphrase");
}

// docs/keys.md, followed by python.
TEST_F(key_file, is_unlocked_by_python) {
  OTA_NEEDS_PYTHON();
  const auto seed = ask_python(R"py(
import hashlib, hmac, sys
head, line = sys.stdin.read().splitlines()
form, kind, derivation, count, salt, data = line.split(" ")
assert [head, form, kind, derivation] == ["ota-secret-key 1", "encrypted", "ed25519",
                                          "pbkdf2-hmac-sha256"] and int(count) >= 600000
data = bytes.fromhex(data)
key = hashlib.pbkdf2_hmac("sha256", "\u00f6ffne".encode(), bytes.fromhex(salt), int(count))
mac = lambda text: hmac.new(key, text, hashlib.sha256).digest()
assert mac(b"authenticate" + data[:32]) == data[32:]
print(bytes(a ^ b for a, b in zip(data, mac(b"encrypt"))).hex())
)py",
                               secret_key_text(key,
                                               "\xc3\xb6"
                                               "ffne"));
  ASSERT_EQ(seed.size(), 1u);
  EXPECT_EQ(seed[0], ota::host::hex_of({key.seed().data(), key.seed().size()}));
}

TEST_F(key_file, refuses_every_changed_character) {
  const std::string text = ota::host::secret_key_text(key, "");
  const std::string digits = "0123456789abcdef";
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_NE(trouble(changed, ""), "") << changed;
  }
}

// With few iterations, since each change is tried with the passphrase.
TEST_F(key_file, refuses_a_changed_locked_key) {
  const std::uint8_t salt[16] = {1, 2, 3};
  const ota::host::detail::passphrase_lock lock("p", salt, 2);
  const auto hidden = lock.hidden(key.seed());
  const std::string text = "ota-secret-key 1\nencrypted ed25519 pbkdf2-hmac-sha256 2 " +
                           ota::host::hex_of(salt) + ' ' + hex(hidden) +
                           hex(lock.authenticator(hidden)) + '\n';
  EXPECT_EQ(secret_key_of(text, "p").seed(), key.seed());
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] == '0' ? '1' : changed[i] == '2' ? '3' : '0');
    EXPECT_NE(trouble(changed, "p"), "") << changed;
  }
  std::string endless = text;
  endless.replace(endless.find(" 2 "), 3, " 4000000000 ");
  EXPECT_EQ(trouble(endless, "p"), "a secret key whose encryption is not known here");
  EXPECT_NE(trouble(text.substr(0, text.size() - 3), "p"), "");
}

}  // namespace
