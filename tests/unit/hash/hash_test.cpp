// Hashes against published vectors and against python's hashlib, hmac and zlib, by the portable
// way and by the processor's instructions.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "ota/hash/crc32.hpp"
#include "ota/hash/git_blob_id.hpp"
#include "ota/hash/hmac.hpp"
#include "ota/hash/sha1.hpp"
#include "ota/hash/sha256.hpp"
#include "ota/hash/sha512.hpp"
#include "support/both_ways.hpp"
#include "support/digest.hpp"
#include "support/process.hpp"

namespace {

using ota_test::hex;

template <class Hash>
std::string hash_of(std::string_view text) {
  return ota_test::digest_of<Hash>(text);
}

std::string unhex(const std::string& digits) {
  std::string text;
  for (std::size_t i = 0; digits != "-" && i + 1 < digits.size(); i += 2)
    text += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return text;
}

using ota_test::both_ways;
INSTANTIATE_TEST_SUITE_P(hash, both_ways, ::testing::Bool(), ota_test::name_of_way);

// FIPS 180-4 examples (csrc.nist.gov, public domain).
TEST_P(both_ways, published_vectors) {
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  const std::string million(1000000, 'a');
  EXPECT_EQ(hash_of<ota::sha1>("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hash_of<ota::sha1>(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hash_of<ota::sha1>(two_blocks), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hash_of<ota::sha1>(million), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  EXPECT_EQ(hash_of<ota::sha256>("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash_of<ota::sha256>(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of<ota::sha256>(two_blocks),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash_of<ota::sha256>(million),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(sha512, published_vectors) {
  EXPECT_EQ(hash_of<ota::sha512>("abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hash_of<ota::sha512>("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
}

TEST_P(both_ways, pieces_of_any_size_give_the_same) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i * 7);
  for (std::size_t first = 0; first <= text.size(); ++first)
    for (const std::size_t second : {std::size_t{0}, std::size_t{1}, text.size() - first}) {
      if (first + second > text.size()) continue;
      ota::sha1 one;
      ota::sha256 two;
      ota::sha512 three;
      const std::string_view parts[] = {std::string_view(text).substr(0, first),
                                        std::string_view(text).substr(first, second),
                                        std::string_view(text).substr(first + second)};
      for (const std::string_view part : parts) {
        one.update(ota::as_bytes(part));
        two.update(ota::as_bytes(part));
        three.update(ota::as_bytes(part));
      }
      ASSERT_EQ(hex(one.finish()), hash_of<ota::sha1>(text)) << first;
      ASSERT_EQ(hex(two.finish()), hash_of<ota::sha256>(text)) << first;
      ASSERT_EQ(hex(three.finish()), hash_of<ota::sha512>(text)) << first;
    }
}

// RFC 4231, test cases 1, 2, 6 and 7.
TEST_P(both_ways, hmac_of_rfc_4231) {
  const auto mac = [](const std::string& key, const std::string& text) {
    ota::hmac_sha256 hash(ota::as_bytes(key));
    hash.update(ota::as_bytes(text));
    return hex(hash.finish());
  };
  EXPECT_EQ(mac(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// python3 hashes texts of all lengths up to some blocks, and some long ones.
TEST_P(both_ways, agrees_with_python) {
  ota_test::scratch_folder here;
  std::ofstream(here / "make.py") << R"py(
import hashlib, hmac, random, zlib
r = random.Random(3)
for size in list(range(300)) + [r.randrange(20000) for _ in range(20)]:
    data, key = r.randbytes(size), r.randbytes(r.randrange(300))
    print(data.hex() or "-", key.hex() or "-", hashlib.sha1(data).hexdigest(),
          hashlib.sha256(data).hexdigest(), hmac.new(key, data, hashlib.sha256).hexdigest(),
          hmac.new(key, data, hashlib.sha1).hexdigest(), zlib.crc32(data),
          hashlib.sha1(b"blob %d\0" % size + data).hexdigest(), hashlib.sha512(data).hexdigest(),
          hmac.new(key, data, hashlib.sha512).hexdigest())
)py";
  const auto made = ota_test::run(OTA_PYTHON " " + (here / "make.py"));
  ASSERT_EQ(made.code, 0) << made.out;
  std::istringstream lines(made.out);
  std::string data, key, sha1, sha256, hmac256, hmac1, blob, sha512, hmac512;
  std::uint32_t crc = 0;
  int count = 0;
  while (lines >> data >> key >> sha1 >> sha256 >> hmac256 >> hmac1 >> crc >> blob >> sha512 >>
         hmac512) {
    data = unhex(data);
    key = unhex(key);
    ASSERT_EQ(hash_of<ota::sha1>(data), sha1) << data.size();
    ASSERT_EQ(hash_of<ota::sha256>(data), sha256) << data.size();
    ASSERT_EQ(hash_of<ota::sha512>(data), sha512) << data.size();
    ota::hmac_sha256 mac(ota::as_bytes(key));
    ota::hmac<ota::sha512> mac512(ota::as_bytes(key));
    ota::hmac<ota::sha1> mac1(ota::as_bytes(key));
    ota::git_blob_id<> id(data.size());
    ota::crc32 sum;
    mac.update(ota::as_bytes(data));
    mac512.update(ota::as_bytes(data));
    mac1.update(ota::as_bytes(data));
    id.update(ota::as_bytes(data));
    sum.update(ota::as_bytes(data));
    ASSERT_EQ(hex(mac.finish()), hmac256);
    ASSERT_EQ(hex(mac512.finish()), hmac512);
    ASSERT_EQ(hex(mac1.finish()), hmac1);
    ASSERT_EQ(hex(id.finish()), blob);
    ASSERT_EQ(sum.value(), crc);
    ++count;
  }
  EXPECT_EQ(count, 320);
}

TEST(git_blob_id, is_what_git_computes) {
  const auto git =
      ota_test::run("printf hello | git hash-object --stdin; git hash-object /dev/null");
  ota::git_blob_id<> hello(5), empty(0);
  hello.update(ota::as_bytes("hello"));
  EXPECT_EQ(hex(hello.finish()) + "\n" + hex(empty.finish()) + "\n", git.out);
}

TEST(crc32, has_its_check_value) {
  ota::crc32 sum;
  sum.update(ota::as_bytes("123456789"));
  EXPECT_EQ(sum.value(), 0xcbf43926u);
  EXPECT_EQ(hex(sum.finish()), "cbf43926");
}

TEST(equal_constant_time, compares) {
  const auto same = [](std::string_view a, std::string_view b) {
    return ota::equal_constant_time(ota::as_bytes(a), ota::as_bytes(b));
  };
  EXPECT_TRUE(same("", ""));
  EXPECT_TRUE(same("abc", "abc"));
  EXPECT_FALSE(same("abc", "abd"));
  EXPECT_FALSE(same("abc", "ab"));
}

}  // namespace
