// The arithmetic below the signatures beside that of python, above all where carries run far.

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "ota/sign/p256_field.hpp"
#include "ota/sign/rsa_power.hpp"
#include "support/python.hpp"

namespace {

using ota::detail::number256;
using ota::detail::p256_element;
using ota::detail::p256_prime;

/// From hexadecimal digits, an even number of them.
std::vector<std::uint8_t> bytes_of(const std::string& digits) {
  std::vector<std::uint8_t> value(digits.size() / 2);
  EXPECT_TRUE(ota::from_hex(digits, {value.data(), value.size()})) << digits;
  return value;
}

ota::bytes view(const std::vector<std::uint8_t>& data) { return {data.data(), data.size()}; }

// Numbers of 0, 1 and all bits in words of 16, 32 and 64, and random ones; all pairs of them.
TEST(p256_field, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  const auto lines = ota_test::ask_python(R"py(
import random
r = random.Random(5)
p = 2**256 - 2**224 + 2**192 + 2**96 - 1
def patterned(size):
    value = 0
    for i in range(256 // size):
        value |= r.choice([0, 1, 2**size - 1, 2**size - 2, 2**(size - 1)]) << size * i
    return value
numbers = [0, 1, 2, p - 1, p - 2, p // 2, p // 2 + 1, 2**256 - p, 2**96, 2**224 - 1, 2**255]
numbers += [patterned(size) % p for size in (16, 32, 64) for _ in range(14)]
numbers += [r.randrange(p) for _ in range(12)]
for a in numbers:
    for b in numbers:
        print("%064x %064x %064x %064x %064x %064x" % (
            a, b, (a + b) % p, (a - b) % p, a * b % p, a * pow(b, -1, p) % p if b else 0))
)py");
  std::string a, b, sum, difference, product, quotient;
  for (const std::string& line : lines) {
    std::istringstream(line) >> a >> b >> sum >> difference >> product >> quotient;
    const auto element = [](const std::string& digits) {
      return p256_element::of(number256::of(std::string_view(digits)));
    };
    ASSERT_TRUE(element(a) + element(b) == element(sum)) << a << ' ' << b;
    ASSERT_TRUE(element(a) - element(b) == element(difference)) << a << ' ' << b;
    ASSERT_TRUE(element(a) * element(b) == element(product)) << a << ' ' << b;
    if (!element(b).zero()) {
      ASSERT_TRUE(element(a) / element(b) == element(quotient)) << a << ' ' << b;
    }
  }
  EXPECT_EQ(lines.size(), 65u * 65);
}

// Moduli need not be products of two primes for that.
TEST(rsa_power, agrees_with_python) {
  OTA_NEEDS_PYTHON();
  const auto lines = ota_test::ask_python(R"py(
import random
r = random.Random(6)
def integer(value):
    data = value.to_bytes(value.bit_length() // 8 + 1, "big")
    size = len(data)
    return b"\2" + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + data
def patterned(size):
    value = 0
    for i in range(2048 // size):
        value |= r.choice([0, 1, 2**size - 1, 2**(size - 1)]) << size * i
    return value
top = 2**2047
moduli = [top + 1, 2**2048 - 1, 2**2048 - 2**1024 + 1, 2**2048 - 2**32 + 1, top + 2**64 - 1]
moduli += [patterned(size) | top | 1 for size in (16, 32, 64) for _ in range(5)]
for n in moduli:
    for e in (3, 5, 65537, 0x80000001, 0xffffffff):
        for s in (0, 1, 2, n - 1, n - 2, n // 2, patterned(32) % n, r.randrange(n)):
            body = integer(n) + integer(e)
            key = b"\x30\x82" + len(body).to_bytes(2, "big") + body
            print(key.hex(), "%0512x" % s, "%0512x" % pow(s, e, n))
    print(key.hex(), "%0512x" % n, "-")
)py");
  std::string key, signature, power;
  for (const std::string& line : lines) {
    std::istringstream(line) >> key >> signature >> power;
    ota::detail::limb found[2048 / ota::detail::limb_bits];
    const bool done =
        ota::detail::rsa_power<2048>(found, view(bytes_of(key)), view(bytes_of(signature)));
    ASSERT_EQ(done, power != "-") << key << ' ' << signature;
    if (!done) continue;
    const std::uint8_t* const out =
        ota::detail::to_big_endian(found, 2048 / ota::detail::limb_bits);
    ASSERT_TRUE(ota::equal({out, 256}, view(bytes_of(power)))) << key << ' ' << signature;
  }
  EXPECT_EQ(lines.size(), 20u * 41);
}

}  // namespace
