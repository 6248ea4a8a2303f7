// The canonical form and its signature, against python's json and hmac.

#include "ota/manifest/canonical_json.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ota/manifest/trust.hpp"
#include "ota/storage/memory_files.hpp"
#include "support/process.hpp"

namespace {

using files = ota::memory_files<65536>;

// The canonical form by way of a buffer of `buffer_size` bytes; "!" and a text for an error.
std::string canonical(const std::string& document, std::size_t buffer_size = 64) {
  static files storage;
  storage = {};
  EXPECT_TRUE(storage.write(ota::layout::manifest, 0, ota::as_bytes(document)));
  std::string out;
  auto sink = [&out](ota::bytes data) { out += ota::as_text(data); };
  std::vector<std::uint8_t> buffer(buffer_size);
  ota::detail::canonical_json<files, decltype(sink)> form(storage, ota::layout::manifest,
                                                          {buffer.data(), buffer.size()}, sink);
  const auto done = form.write();
  return done ? out : "!" + std::string(done.error().text);
}

std::string sign(const std::string& text, const std::string& key) {
  ota::hmac_sha256 mac(ota::as_bytes(key));
  mac.update(ota::as_bytes(text));
  const auto digest = mac.finish();
  std::string hex(64, '0');
  ota::to_hex({digest.data(), digest.size()}, hex.data());
  return hex;
}

TEST(canonical_json, sorts_keys_and_leaves_the_signature_out) {
  EXPECT_EQ(canonical(R"( { "b" : [ 1 , {"z":1,"a":2} ], "signature":"x", "a" : null } )"),
            R"({"a":null,"b":[1,{"a":2,"z":1}]})");
  EXPECT_EQ(canonical(R"({"x":{"signature":"kept"}})"), R"({"x":{"signature":"kept"}})");
  EXPECT_EQ(canonical("{}"), "{}");
  EXPECT_EQ(canonical(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
}

TEST(canonical_json, golden_signatures_of_the_original) {
  const std::string first = R"({"version":"1","files":[]})";
  EXPECT_EQ(sign(canonical(first), "secret"),
            "d4f069e97b4df19155374ddb628cea44ee275f5c4d8b2d3120e6369c236aea65");
  const std::string third =
      "{\"version\":\"v1\", \"note\":\"caf\xc3\xa9 \\ud83d\\ude00 \\\"q\\\"\\\\ \\n\\t\x7f\\/\","
      "\"n\":null,\"h\":1e+22,\"g\":1e-07,\"files\":[],\"f\":1.0,\"b\":true}";
  EXPECT_EQ(sign(canonical(third), "secret"),
            "06bcf2196260655be897abefbd18402f302353e226cc74ebff66de0630376688");
}

TEST(canonical_json, refuses_what_cannot_be_checked) {
  EXPECT_EQ(canonical(R"({"a":0.12345678901234567890})")[0], '!');
  EXPECT_EQ(canonical("{\"" + std::string(80, 'k') + "\":1}")[0], '!');
  EXPECT_EQ(canonical(std::string(20, '[') + std::string(20, ']'))[0], '!');
}

// Thousands of documents that python makes, each with the form and signature that python gives it.
TEST(canonical_json, agrees_with_python) {
  ota_test::scratch_folder here;
  std::ofstream(here / "make.py") << R"py(
import hashlib, hmac, json, random, sys
r = random.Random(7)
def text():
    return "".join(r.choice(["a", "b", '"', "\\", "/", "\n", "\t", "\x01", "\x7f", "é", "€", "😀", "z", "0"])
                   for _ in range(r.randrange(12)))
def number():
    kind = r.randrange(5)
    if kind == 0: return r.randrange(-10**6, 10**6)
    if kind == 1: return r.randrange(10**18)
    if kind == 2: return round(r.uniform(-1000, 1000), r.randrange(6))
    if kind == 3: return float(r.randrange(10)) * 10.0 ** r.randrange(-20, 25)
    return r.random()
def value(depth):
    kind = r.randrange(7 if depth < 4 else 4)
    if kind == 0: return text()
    if kind == 1: return number()
    if kind == 2: return r.choice([True, False, None])
    if kind == 3: return r.randrange(1000)
    if kind == 4: return [value(depth + 1) for _ in range(r.randrange(4))]
    return {text(): value(depth + 1) for _ in range(r.randrange(5))}
for i in range(3000):
    document = {text(): value(1) for _ in range(r.randrange(6))}
    if r.randrange(2): document["signature"] = "0" * 64
    written = json.dumps(document, ensure_ascii=r.random() < 0.5,
                         indent=r.choice([None, 0, 2]), separators=r.choice([None, (",", ":")]))
    document.pop("signature", None)
    form = json.dumps(document, sort_keys=True, separators=(",", ":"))
    key = text()
    print(written.encode().hex() or "-", form.encode().hex(), key.encode().hex() or "-",
          hmac.new(key.encode(), form.encode(), hashlib.sha256).hexdigest())
)py";
  const auto made = ota_test::run(OTA_PYTHON " " + (here / "make.py"));
  ASSERT_EQ(made.code, 0) << made.out;
  std::istringstream lines(made.out);
  const auto unhex = [](const std::string& hex) {
    std::string text;
    for (std::size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2)
      text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return text;
  };
  std::string document, form, key, signature;
  int count = 0;
  while (lines >> document >> form >> key >> signature) {
    const std::string ours = canonical(unhex(document), 1 + static_cast<std::size_t>(count % 90));
    ASSERT_EQ(ours, unhex(form)) << unhex(document);
    ASSERT_EQ(sign(ours, unhex(key)), signature);
    ++count;
  }
  EXPECT_EQ(count, 3000);
}

}  // namespace
