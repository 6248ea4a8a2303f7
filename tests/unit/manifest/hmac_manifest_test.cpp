#include <ota/manifest/hmac_manifest.hpp>

#include "support.hpp"

using namespace manifest_test;

namespace {

ota::error verify(const std::string& text, std::string_view key = "secret",
                  std::size_t buffer = 512) {
  document source{text};
  std::vector<std::uint8_t> scratch(buffer);
  ota::hmac_manifest_check<document> check(source, "m", ota::as_bytes(key));
  for (;;) {
    const auto more = check.step({scratch.data(), scratch.size()});
    if (!more) return more.error();
    if (!*more) return {};
  }
}

std::string with_signature(std::string document, const std::string& signature) {
  document.pop_back();
  return document + ",\"signature\":" + signature + "}";
}

constexpr auto mismatch = "manifest signature mismatch";
constexpr auto missing = "manifest missing signature";

// Signed by the original: documents and signatures observed from it.
const char* const golden[][2] = {
    {R"({"version":"1","files":[]})",
     "d4f069e97b4df19155374ddb628cea44ee275f5c4d8b2d3120e6369c236aea65"},
    {R"({"version": "v1.0.0", "generated_at": "2025-01-01T00:00:00Z", "files": [{"path": "main.py",
       "size": 11, "sha256": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
       "crc32": 222957957}]})",
     "64cabb75eb08985bb8d6aab80777bab0b7fca571d923f44e516eb11b0b72d54d"},
    {"{\"b\":true,\"f\":1.0,\"files\":[],\"g\":1e-7,\"h\":1E22,\"n\":null,"
     "\"note\":\"caf\xc3\xa9 \\ud83d\\ude00 \\\"q\\\"\\\\ \\n\\t\\u007f\\/\",\"version\":\"v1\"}",
     "06bcf2196260655be897abefbd18402f302353e226cc74ebff66de0630376688"}};

}  // namespace

TEST(hmac_manifest, verifies_what_the_original_signed) {
  for (const auto& [text, signature] : golden) {
    const std::string quoted = "\"" + std::string(signature) + "\"";
    for (const std::size_t buffer : {1u, 5u, 64u, 4096u})
      EXPECT_EQ(verify(with_signature(text, quoted), "secret", buffer).text, std::string());
    EXPECT_STREQ(verify(with_signature(text, quoted), "Secret").text, mismatch);
  }
}

TEST(hmac_manifest, says_what_is_wrong_in_the_words_of_the_original) {
  const std::string text = golden[0][0], signature = golden[0][1];
  for (const char* absent : {"\"\"", "null", "7", "[]", "{\"signature\":\"x\"}"}) {
    const auto error = verify(with_signature(text, absent));
    EXPECT_STREQ(error.text, missing) << absent;
    EXPECT_EQ(error.code, ota::errc::untrusted);
  }
  EXPECT_STREQ(verify(text).text, missing);
  EXPECT_STREQ(verify("[]").text, missing);
  EXPECT_STREQ(verify(R"([{"signature":"x"}])").text, missing);
  std::string upper = signature;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& wrong :
       {upper, signature + "0", signature.substr(1), "0" + signature.substr(1), std::string("x"),
        signature.substr(0, 63) + "\\u00e9"}) {
    const auto error = verify(with_signature(text, "\"" + wrong + "\""));
    EXPECT_STREQ(error.text, mismatch) << wrong;
    EXPECT_EQ(error.code, ota::errc::untrusted);
  }
}

TEST(hmac_manifest, takes_the_last_of_several_signatures) {
  const std::string text = golden[0][0], good = "\"" + std::string(golden[0][1]) + "\"";
  EXPECT_STREQ(verify(with_signature(with_signature(text, "\"x\""), good)).text, "");
  EXPECT_STREQ(verify(with_signature(with_signature(text, good), "\"x\"")).text, mismatch);
  EXPECT_STREQ(verify(with_signature(with_signature(text, good), "null")).text, missing);
}

TEST(hmac_manifest, notices_every_changed_byte) {
  const std::string text = with_signature(golden[1][0], "\"" + std::string(golden[1][1]) + "\"");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ota::detail::is_json_space(text[i])) continue;
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(verify(changed).code, ota::errc::none) << changed;
  }
}

// In the form of the original's generator: indent 2, sorted, the signature among the members.
TEST(hmac_manifest, verifies_what_python_signs) {
  if (!has_python()) GTEST_SKIP();
  const auto lines = ask_python(R"py(
import hashlib, hmac, json, random
random.seed(3)
for i in range(300):
    key = bytes(random.randrange(1, 256) for _ in range(random.randrange(1, 100)))
    doc = {"version": "v%d" % i, "generated_at": "2025-01-01T00:00:00Z", "post_update": "hooks/é%d.py" % i,
           "files": [{"path": "lib/%d.py" % n, "size": random.getrandbits(20), "crc32": random.getrandbits(32),
                      "sha256": hashlib.sha256(b"%d" % n).hexdigest()} for n in range(random.randrange(20))],
           "deletes": ["old/%d" % n for n in range(random.randrange(3))]}
    form = json.dumps(doc, sort_keys=True, separators=(",", ":")).encode()
    doc["signature"] = hmac.new(key, form, hashlib.sha256).hexdigest()
    indent = random.choice([2, None])
    text = json.dumps(doc, indent=indent, sort_keys=indent == 2, ensure_ascii=i % 2 == 0)
    print(key.hex(), text.encode().hex())
)py");
  ASSERT_EQ(lines.size(), 300u);
  for (const std::string& line : lines) {
    const std::size_t space = line.find(' ');
    const std::string key = from_hex(line.substr(0, space)),
                      text = from_hex(line.substr(space + 1));
    EXPECT_STREQ(verify(text, key).text, "") << text;
    EXPECT_STREQ(verify(text, key + "x").text, mismatch);
  }
}

TEST(hmac_manifest, stays_small) { EXPECT_LE(sizeof(ota::hmac_manifest_check<document>), 1024u); }
