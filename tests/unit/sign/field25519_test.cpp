// What is below Ed25519, against python's integers.

#include "support/field25519.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>

#include "ota/core/hex.hpp"
#include "ota/sign/edwards25519.hpp"
#include "ota/sign/scalar25519.hpp"
#include "ota/sign/signed_windows.hpp"
#include "support/digest.hpp"
#include "support/python.hpp"

namespace {

using ota_test::ask_python;

std::array<std::uint8_t, 32> number(const std::string& digits) {
  std::array<std::uint8_t, 32> value{};
  EXPECT_TRUE(ota::from_hex(digits, {value.data(), value.size()})) << digits;
  return value;
}

template <class Field>
struct field25519 : ::testing::Test {
  static Field load(const std::string& digits) {
    Field value;
    value.load(number(digits).data());
    return value;
  }
  static std::string text(const Field& value) {
    std::array<std::uint8_t, 32> out;
    value.store(out.data());
    return ota_test::hex(out);
  }
};
TYPED_TEST_SUITE(field25519, ota_test::fields25519, ota_test::field25519_names);

constexpr auto preamble = R"py(
import random
r = random.Random(7)
p = 2**255 - 19
hexed = lambda x: x.to_bytes(32, "little").hex()
edges = [0, 1, 2, 18, 19, 20, p - 20, p - 19, p - 2, p - 1, p, p + 1, p + 18, 2**254, 2**240 - 1,
         2**128 - 1, 2**255 - 2**240]
)py";

TYPED_TEST(field25519, computes_as_python) {
  OTA_NEEDS_PYTHON();
  const auto lines = ask_python(preamble + std::string(R"py(
pairs = [(a, b) for a in edges for b in edges]
pairs += [(r.randrange(2**255), r.randrange(2**255)) for _ in range(300)]
for a, b in pairs:
    s, d = a + b, a - b
    print(*map(hexed, [a, b] + [x % p for x in (
        s, d, a * b, a * a, s * d, d * d, s + s - (d + d), -s - s - s, pow(a, (p - 5) // 8, p),
        pow(a, p - 2, p))]))
)py"));
  ASSERT_EQ(lines.size(), 17u * 17u + 300u);
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::string a_text, b_text;
    words >> a_text >> b_text;
    const TypeParam a = this->load(a_text), b = this->load(b_text);
    TypeParam sum, difference, x, y;
    const auto expect = [&](const TypeParam& value) {
      std::string expected;
      words >> expected;
      ASSERT_EQ(this->text(value), expected) << a_text << ' ' << b_text;
      EXPECT_EQ(value.is_zero(), expected == std::string(64, '0'));
      EXPECT_EQ(value.is_odd(), (ota::hex_digit(expected[1]) & 1) != 0);
    };
    sum.add(a, b), expect(sum);
    difference.subtract(a, b), expect(difference);
    x.multiply(a, b), expect(x);
    x.square(a), expect(x);
    x.multiply(sum, difference), expect(x);
    x.square(difference), expect(x);
    x.add(sum, sum), y.add(difference, difference), x.subtract(x, y), expect(x);
    x.subtract(a, a), x.subtract(x, sum), x.subtract(x, sum), x.subtract(x, sum), expect(x);
    x.power(a), expect(x);
    x.invert(a), expect(x);
  }
}

TYPED_TEST(field25519, results_may_lie_on_operands) {
  const TypeParam a = this->load("ab" + std::string(62, '7')), b = this->load(std::string(64, '5'));
  TypeParam expected, x = a, y = b;
  expected.multiply(a, b), x.multiply(x, b), y.multiply(a, y);
  EXPECT_EQ(this->text(x), this->text(expected));
  EXPECT_EQ(this->text(y), this->text(expected));
  expected.square(a), x = a, x.square(x);
  EXPECT_EQ(this->text(x), this->text(expected));
  expected.invert(a), x = a, x.invert(x);
  EXPECT_EQ(this->text(x), this->text(expected));
}

TYPED_TEST(field25519, holds_the_multiples_of_the_base_point) {
  OTA_NEEDS_PYTHON();
  const auto lines = ask_python(preamble + std::string(R"py(
d = -121665 * pow(121666, -1, p) % p
def plus(a, b):
    t = d * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + t, -1, p) % p,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, p) % p)
base = (15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960)  # RFC 8032
assert (base[1]**2 - base[0]**2 - 1 - d * base[0]**2 * base[1]**2) % p == 0
at = base
for _ in range(4):
    x, y = at
    print(hexed((y + x) % p), hexed((y - x) % p), hexed(2 * d * x * y % p))
    at = plus(plus(at, base), base)
)py"));
  ASSERT_EQ(lines.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& q = ota::detail::edwards25519<TypeParam>::base[i];
    EXPECT_EQ(this->text(q.sum) + ' ' + this->text(q.difference) + ' ' + this->text(q.product),
              lines[i]);
  }
}

constexpr auto order = R"py(
L = 2**252 + 27742317777372353535851937790883648493
)py";

TEST(scalar25519, reduces_as_python) {
  OTA_NEEDS_PYTHON();
  const auto lines = ask_python(preamble + std::string(order) + R"py(
numbers = [m * L + e for m in (0, 1, 2, 15, 16, 255, 2**200, 2**259) for e in range(-2, 3)]
numbers += [m * 2**252 + e for m in (1, 15, 16, 17, 255, 256, 2**259) for e in range(-2, 3)]
numbers += [2**512 - 1] + [r.randrange(2**(8 * r.randrange(1, 65))) for _ in range(2000)]
for x in numbers:
    if x >= 0:
        size = max(1, (x.bit_length() + 7) // 8)
        print(x.to_bytes(size, "little").hex(), hexed(x % L))
)py");
  ASSERT_GT(lines.size(), 2000u);
  for (const std::string& line : lines) {
    const std::string digits = line.substr(0, line.find(' '));
    std::vector<std::uint8_t> data(digits.size() / 2);
    ASSERT_TRUE(ota::from_hex(digits, {data.data(), data.size()}));
    std::array<std::uint8_t, 32> reduced;
    ota::detail::reduce_scalar({data.data(), data.size()}, reduced.data());
    EXPECT_EQ(ota_test::hex(reduced), line.substr(digits.size() + 1)) << digits;
  }
}

// The digits sum up to the scalar again, are odd and small.
TEST(signed_windows, stand_for_the_scalar) {
  OTA_NEEDS_PYTHON();
  const auto lines = ask_python(preamble + std::string(order) + R"py(
numbers = list(range(300)) + [L - 1 - i for i in range(300)]
numbers += [2**253 - 1, 2**252, (2**253 - 1) // 3, (2**254 - 1) // 3]
for x in numbers + [r.randrange(L) for _ in range(1000)]: print(hexed(x))
)py");
  ASSERT_EQ(lines.size(), 1604u);
  for (const std::string& line : lines) {
    const auto scalar = number(line);
    std::array<int, 257> digits{};
    ota::detail::signed_windows windows(scalar.data());
    for (int place = windows.highest; place >= 0; --place) {
      const int digit = windows.digit(place);
      digits[static_cast<std::size_t>(place)] = digit;
      EXPECT_TRUE(digit == 0 || (digit % 2 != 0 && digit < 8 && digit > -8)) << digit;
    }
    std::array<std::uint8_t, 32> sum{};
    int carry = 0;
    for (std::size_t bit = 0; bit < 256; ++bit) {
      const int here = digits[bit] + carry;
      sum[bit / 8] = static_cast<std::uint8_t>(sum[bit / 8] | (here & 1) << bit % 8);
      carry = (here - (here & 1)) / 2;
    }
    EXPECT_EQ(carry, 0);
    EXPECT_EQ(ota_test::hex(sum), line);
  }
}

}  // namespace
