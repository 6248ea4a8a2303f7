// NIST's vectors (tests/data/cavp): short messages, long ones, and the Monte Carlo test.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "ota/hash/sha1.hpp"
#include "ota/hash/sha256.hpp"
#include "ota/hash/sha512.hpp"
#include "support/both_ways.hpp"
#include "support/digest.hpp"

namespace {

using ota_test::from_digits;

/// The values of one field, `name = value`, in the order of the file.
std::vector<std::string> field(const std::string& file, const std::string& name) {
  std::ifstream stream(OTA_TEST_DATA_DIR "/cavp/" + file);
  std::vector<std::string> values;
  const std::string begin = name + " = ";
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.rfind(begin, 0) == 0) values.push_back(line.substr(begin.size()));
  }
  return values;
}

template <class Hash>
typename Hash::digest_type hash_of(ota::bytes data) {
  Hash hash;
  hash.update(data);
  return hash.finish();
}

template <class Hash>
void expect_messages(const std::string& file, std::size_t count) {
  const auto lengths = field(file, "Len"), messages = field(file, "Msg"),
             digests = field(file, "MD");
  ASSERT_EQ(lengths.size(), count);
  ASSERT_EQ(messages.size(), count);
  ASSERT_EQ(digests.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto message = from_digits(messages[i]);
    const std::size_t size = std::stoul(lengths[i]) / 8;  // no message is written as one zero
    EXPECT_EQ(ota_test::hex(hash_of<Hash>(ota::bytes{message.data(), message.size()}.first(size))),
              digests[i])
        << file << ' ' << size;
  }
}

template <class Hash>
void expect_monte_carlo(const std::string& file) {
  auto seed = from_digits(field(file, "Seed").at(0));
  const auto digests = field(file, "MD");
  ASSERT_EQ(digests.size(), 100u);
  for (const std::string& expected : digests) {
    std::vector<std::uint8_t> last_three;
    for (int i = 0; i < 3; ++i) last_three.insert(last_three.end(), seed.begin(), seed.end());
    for (int i = 0; i < 1000; ++i) {
      const auto digest = hash_of<Hash>({last_three.data(), last_three.size()});
      last_three.erase(last_three.begin(), last_three.begin() + Hash::digest_size);
      last_three.insert(last_three.end(), digest.begin(), digest.end());
    }
    seed.assign(last_three.end() - Hash::digest_size, last_three.end());
    ASSERT_EQ(ota_test::hex(seed), expected) << file;
  }
}

struct cavp : ota_test::both_ways {};
INSTANTIATE_TEST_SUITE_P(hash, cavp, ::testing::Bool(), ota_test::name_of_way);

TEST_P(cavp, sha1) {
  expect_messages<ota::sha1>("SHA1ShortMsg.rsp", 65);
  expect_messages<ota::sha1>("SHA1LongMsg.rsp", 64);
  expect_monte_carlo<ota::sha1>("SHA1Monte.rsp");
}

TEST_P(cavp, sha256) {
  expect_messages<ota::sha256>("SHA256ShortMsg.rsp", 65);
  expect_messages<ota::sha256>("SHA256LongMsg.rsp", 64);
  expect_monte_carlo<ota::sha256>("SHA256Monte.rsp");
}

TEST(cavp_portable, sha512) {
  expect_messages<ota::sha512>("SHA512ShortMsg.rsp", 129);
  expect_messages<ota::sha512>("SHA512LongMsg.rsp", 128);
  expect_monte_carlo<ota::sha512>("SHA512Monte.rsp");
}

}  // namespace
