#include "support.hpp"

using namespace manifest_test;

TEST(canonical_json, sorts_members_and_leaves_out_the_signature) {
  EXPECT_EQ(canonical(R"({"b":1,"a":{"d":[],"c":{}},"signature":"x"})"),
            R"({"a":{"c":{},"d":[]},"b":1})");
  EXPECT_EQ(canonical(R"({"signature":"x"})"), "{}");
  EXPECT_EQ(canonical(R"({"a":{"signature":1}, "\u0073ignature":[{"b":"}"}]})"),
            R"({"a":{"signature":1}})");
  EXPECT_EQ(canonical(" [ 1 , true , null , false , \"a\" ] "), R"([1,true,null,false,"a"])");
  EXPECT_EQ(canonical("-0"), "0");
}

TEST(canonical_json, takes_the_last_of_equal_keys) {
  EXPECT_EQ(canonical(R"({"b":0,"a":1,"b":2,"\u0061":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(canonical(R"({"a":{"x":1},"a":[{"z":1,"y":2}]})"), R"({"a":[{"y":2,"z":1}]})");
}

TEST(canonical_json, sorts_by_code_point_and_not_by_utf16) {
  EXPECT_EQ(canonical(u8"{\"\U0001F600\":1,\"\uFF01\":2}"), R"({"\uff01":2,"\ud83d\ude00":1})");
  EXPECT_EQ(canonical(R"({"\ud83d\ude00":1,"\uff01":2,"":3})"),
            R"({"":3,"\uff01":2,"\ud83d\ude00":1})");
}

TEST(canonical_json, refuses_with_clear_errors) {
  EXPECT_EQ(canonical("[[[[[[[[1]]]]]]]]"), "[[[[[[[[1]]]]]]]]");
  EXPECT_EQ(canonical("[[[[[[[[[1]]]]]]]]]"), "! nested deeper than this reader allows");
  const std::string key(64, 'k');
  EXPECT_EQ(canonical("{\"" + key + "\":1}"), "{\"" + key + "\":1}");
  EXPECT_EQ(canonical("{\"" + key + "k\":1}"), "! a key of over 64 bytes; use shorter keys");
  EXPECT_EQ(canonical("{} {}"), "! an unexpected character: not JSON");
  EXPECT_EQ(canonical(""), "! the document breaks off");
  EXPECT_EQ(canonical("{}", 0), "! a manifest is read with a buffer, not without");
  EXPECT_EQ(canonical("[" + std::string(4300, '7') + "]"), "[" + std::string(4300, '7') + "]");
  EXPECT_EQ(canonical(std::string(4301, '7')), "! a number of over 4300 characters");
  EXPECT_EQ(canonical("0.1234567890123456789"),
            "! a number with more digits than can be checked; write it as Python does");
}

TEST(canonical_json, bounds_the_work_on_unsorted_objects_only) {
  std::string sorted = "{", reversed = "{";
  for (int i = 0; i < 1000; ++i) {
    sorted += (i ? ",\"" : "\"") + std::to_string(1000 + i) + "\":0";
    reversed += (i ? ",\"" : "\"") + std::to_string(1999 - i) + "\":0";
  }
  EXPECT_EQ(canonical(sorted + "}"), sorted + "}");
  EXPECT_EQ(canonical(reversed + "}"),
            "! an object of over 64 members whose keys are not in order; sort them");
}

TEST(canonical_json, passes_on_a_failing_storage_wherever_it_fails) {
  const std::string text = R"({"b":[{"y":"\u00e9","x":-1.5e3}],"a":"0123456789"})";
  document sound{text};
  canonical(sound, 7);
  for (std::uint64_t i = 0; i < sound.reads; ++i) {
    document failing{text};
    failing.fail_at = i;
    EXPECT_EQ(canonical(failing, 7), "! a read failed") << i;
  }
}

TEST(canonical_json, survives_a_document_that_changes_after_the_check) {
  const std::string before = R"({"b":[{"y":"\u00e9","x":-1.5e3}],"a":"0123456789"})";
  for (std::size_t size = 0; size <= before.size(); ++size) {
    document source{before};
    ota::canonical_json<document> canonical(source, "m");
    std::uint8_t scratch[16];
    auto ignore = [](ota::bytes) {};
    while (!canonical.checked()) ASSERT_TRUE(canonical.step(scratch, ignore));
    source.text = before.substr(0, size) + std::string(60, '{');
    source.text.resize(before.size());
    int steps = 0;
    for (auto more = canonical.step(scratch, ignore); more && *more;) {
      ASSERT_LT(++steps, 10000);
      more = canonical.step(scratch, ignore);
    }
  }
}

// Each line: a document and python's form of it, in hexadecimal digits.
TEST(canonical_json, agrees_with_python_on_random_documents) {
  if (!has_python()) GTEST_SKIP();
  const auto lines = ask_python(R"py(
import json, random
random.seed(20250101)
alphabet = 'ab"\\/\b\f\n\r\t\x00\x1f\x7f\x80é߿ࠀ€\ufeff\ufffe\uffff\U00010000😀\U0010ffff 09~'
def character(c):
    way = random.randrange(4)
    units = [c.encode("utf-16-be")[i:i+2] for i in range(0, len(c.encode("utf-16-be")), 2)]
    escaped = "".join("\\u" + (u.hex() if random.random() < 0.5 else u.hex().upper()) for u in units)
    if way == 0: return escaped
    if c == "/" and way == 1: return "\\/"
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if c in short: return short[c]
    return escaped if c < " " else c
def string(most):
    n = random.choice([0, 1, 2, 3, random.randrange(most + 1)])
    return '"' + "".join(character(random.choice(alphabet)) for _ in range(n)) + '"'
def number():
    way = random.randrange(8)
    if way < 3: return str(random.choice([0, 1, -1, 10, random.getrandbits(32), -random.getrandbits(200)]))
    if way == 3: return "-0"
    if way == 4: return repr(random.choice([random.random(), random.uniform(-1e20, 1e20), 10.0 ** random.randint(-300, 300)]))
    digits = str(random.randrange(10 ** random.randint(1, 13)))
    fraction = "." + str(random.randrange(100)).zfill(2) if random.random() < 0.6 else ""
    exponent = random.choice("eE") + random.choice(["", "+", "-"]) + str(random.randrange(30)).zfill(random.randint(1, 4))
    return random.choice(["", "-"]) + digits + fraction + (exponent if random.random() < 0.7 or not fraction else "")
def space(): return random.choice(["", "", "", " ", "\n", "\t\r "])
def value(depth):
    way = random.randrange(10 if depth else 6)
    if way < 2: return string(40)
    if way < 4: return number()
    if way < 6: return random.choice(["true", "false", "null"])
    members = [value(depth - 1) for _ in range(random.choice([0, 1, 2, 5]))]
    if way < 8: return "[" + space() + ",".join(space() + m + space() for m in members) + "]"
    return object_of(members)
def object_of(members, keys=()):
    keys = list(keys)
    while len(keys) < len(members): keys.append(random.choice(keys) if keys and random.random() < 0.2 else string(6))
    random.shuffle(keys)
    return "{" + space() + ",".join(space() + k + space() + ":" + space() + m + space() for k, m in zip(keys, members)) + "}"
for i in range(6000):
    if i % 3: text = space() + object_of([value(5) for _ in range(random.randrange(9))], ['"signature"'] if random.random() < 0.5 else []) + space()
    else: text = value(6)
    document = json.loads(text)
    if isinstance(document, dict): document.pop("signature", None)
    print(text.encode().hex(), json.dumps(document, sort_keys=True, separators=(",", ":")).encode().hex())
)py");
  ASSERT_EQ(lines.size(), 6000u);
  const std::size_t buffers[] = {1, 3, 16, 64, 512};
  std::size_t turn = 0;
  for (const std::string& line : lines) {
    const std::size_t space = line.find(' ');
    const std::string text = from_hex(line.substr(0, space));
    ASSERT_EQ(canonical(text, buffers[++turn % 5]), from_hex(line.substr(space + 1))) << text;
  }
}

// Each line: a number and python's form. Where ours is not certain it must say so.
TEST(canonical_json, agrees_with_python_on_numbers_or_refuses_them) {
  if (!has_python()) GTEST_SKIP();
  const auto lines = ask_python(R"py(
import json, random, struct
random.seed(7)
def show(text): print(text, json.dumps(json.loads(text)))
for e in range(-330, 320):
    for d in ("1", "-1.5", "9.99", "0.001", "123456789012345", "17.976931348623157", "2.2250738585072014", "0"):
        show(d + "e" + str(e))
for _ in range(20000):
    f = struct.unpack("d", struct.pack("Q", random.getrandbits(64)))[0]
    if f == f and abs(f) != float("inf"): show(repr(f)); show("%.14e" % f); show("%.15e" % f); show("%.16E" % f)
for _ in range(3000):
    f = random.uniform(-1e18, 1e18) * 10 ** random.randint(-22, 0)
    show(repr(f)); show("%.4f" % f); show("%.12f" % f); show("%.9e" % f)
for text in ("-0.0", "0e9", "0.000", "-0e-0", "1E+00", "100000.0e-5", "1e15", "1e16", "1e-4", "1e-5", "0.1e-3", "5e-324", "1e99999999999", "1" + "0" * 400 + "e-400", "0." + "0" * 400 + "1e401"): show(text)
)py");
  ASSERT_GT(lines.size(), 90000u);
  std::size_t refused = 0, wrong = 0, short_refused = 0;
  for (const std::string& line : lines) {
    const std::size_t space = line.find(' ');
    const std::string text = line.substr(0, space), expected = line.substr(space + 1);
    const std::string form = canonical(text, 64);
    if (form[0] == '!') {
      ++refused;
      if (text == expected) ++short_refused;
    } else if (form != expected && text != form) {
      ++wrong;
      ADD_FAILURE() << text << " became " << form << ", python says " << expected;
    }
  }
  std::printf("numbers: %zu, of these refused: %zu\n", lines.size(), refused);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(short_refused, 0u) << "what python itself writes must be read";
}

TEST(canonical_json, reads_a_long_manifest_a_fixed_number_of_times) {
  double ratio[2];
  std::size_t turn = 0;
  for (const std::size_t count : {1000u, 100000u}) {
    document source{generated(count)};
    std::uint8_t scratch[512];
    ota::canonical_json<document> canonical(source, "m");
    std::size_t told = 0;
    std::uint64_t steps = 0, most = 0;
    for (bool more = true; more; ++steps) {
      const std::uint64_t before = source.reads;
      const auto stepped = canonical.step(scratch, [&](ota::bytes part) { told += part.size(); });
      ASSERT_TRUE(stepped);
      more = *stepped;
      most = std::max(most, source.reads - before);
    }
    ratio[turn++] =
        static_cast<double>(source.bytes_read) / static_cast<double>(source.text.size());
    std::printf(
        "%zu files, %zu bytes: %.2f bytes read for each, %llu reads, most in a step %llu, "
        "%zu bytes told\n",
        count, source.text.size(), ratio[turn - 1], static_cast<unsigned long long>(source.reads),
        static_cast<unsigned long long>(most), told);
    EXPECT_LE(most, 4u);
  }
  EXPECT_LT(ratio[1], 6.0);
  EXPECT_NEAR(ratio[0], ratio[1], 0.2);
  std::printf("canonical_json: %zu bytes\n", sizeof(ota::canonical_json<document>));
  EXPECT_LE(sizeof(ota::canonical_json<document>), 1024u);
}
