// What is below Ed25519, against python's integers.

#include "support/field25519.hpp"

#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <string>

#include "ota/core/hex.hpp"
#include "ota/sign/ed25519.hpp"
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
        s, d, a * b, a * a, s * d, d * d, s + s - a * b, (2 * a * b + d) * (a * a - a * b),
        (2 * a * b + d)**2, -s, pow(a, (p - 5) // 8, p), pow(a, p - 2, p))]))
)py"));
  ASSERT_EQ(lines.size(), 17u * 17u + 300u);
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::string a_text, b_text;
    words >> a_text >> b_text;
    const TypeParam a = this->load(a_text), b = this->load(b_text);
    TypeParam sum, difference, square, x, y;
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
    square.square(a), expect(square);
    x.multiply(sum, difference), expect(x);
    x.square(difference), expect(x);
    x.add(sum, sum), y.multiply(a, b), x.subtract(x, y), expect(x);
    x.add(y, y), x.add(x, difference), y.subtract(square, y), y.multiply(x, y), expect(y);
    x.square(x), expect(x);
    x.load(number(std::string(64, '0')).data()), x.subtract(x, sum), expect(x);
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

TYPED_TEST(field25519, knows_what_is_a_point) {
  OTA_NEEDS_PYTHON();
  const auto lines = ask_python(preamble + std::string(R"py(
d = -121665 * pow(121666, -1, p) % p
def is_point(encoded):
    y = encoded % 2**255
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    return y < p and (square == 0 or pow(square, (p - 1) // 2, p) == 1)
numbers = edges + list(range(p, 2**255)) + [r.randrange(2**255) for _ in range(300)]
for y in numbers:
    for encoded in (y, y + 2**255): print(hexed(encoded), is_point(encoded) * 1)
)py"));
  ASSERT_EQ(lines.size(), 2u * (17 + 19 + 300));
  int points = 0;
  for (const std::string& line : lines) {
    auto encoded = number(line.substr(0, 64));
    ota::detail::edwards25519<TypeParam> point;
    const bool expected = line.back() == '1';
    ASSERT_EQ(point.load(encoded.data()), expected) << line;
    if (!expected) continue;
    ++points;
    std::array<std::uint8_t, 32> again;
    point.store(again.data());
    if (point.is_of_small_order()) encoded[31] &= 0x7f, again[31] &= 0x7f;
    EXPECT_EQ(again, encoded);
  }
  EXPECT_GT(points, 300);
}

#if defined(__SIZEOF_INT128__)
/// Limbs of 51 bits together with what they may be at most, which is checked against what the
/// header allows wherever they are used.
class bounded25519 : ota::detail::unsaturated25519 {
  using limbs = ota::detail::unsaturated25519;
  static constexpr std::uint64_t bit(int n) { return std::uint64_t{1} << n; }

 public:
  using limb_type = std::uint64_t;
  using limbs::store;

  bounded25519() = default;
  constexpr bounded25519(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
      : limbs(a, b, c, d), limit_(bit(51)) {}

  void load(const std::uint8_t* in) { limbs::load(in), limit_ = bit(51); }
  void add(const bounded25519& a, const bounded25519& b) {
    limbs::add(a, b), limit_ = a.limit_ + b.limit_;
  }
  void subtract(const bounded25519& a, const bounded25519& b) {
    EXPECT_LE(b.limit_, bit(53) - 76);
    limbs::subtract(a, b), limit_ = a.limit_ + bit(53);
  }
  void multiply(const bounded25519& a, const bounded25519& b) {
    EXPECT_LE(a.limit_, bit(54));
    EXPECT_LE(b.limit_, bit(54));
    limbs::multiply(a, b), limit_ = bit(51) + bit(13);
  }
  void square(const bounded25519& a) { multiply(a, a); }

 private:
  std::uint64_t limit_ = ~std::uint64_t{0};
};

TEST(unsaturated25519, is_used_within_its_limits) {
  // RFC 8032, 7.1, TEST 2.
  const auto key = number("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = ota_test::from_digits(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  using verifier = ota::detail::ed25519_verifier<ota::detail::field25519<bounded25519>>;
  EXPECT_TRUE(verifier::verify(key.data(), ota::as_bytes("\x72"), signature.data()));
}
#endif

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
    const auto data = ota_test::from_digits(digits);
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
