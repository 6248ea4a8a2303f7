#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ota/core/hex.hpp"
#include "ota/format/json_reader.hpp"

/// The test vectors of Project Wycheproof (tests/data/wycheproof).
namespace ota_test::wycheproof {

/// The members of a JSON object; those of an object within it as "publicKey.modulus".
class fields {
 public:
  /// A string, or a number's digits.
  const std::string& text(const std::string& name) const {
    const auto at = members_.find(name);
    if (at == members_.end()) throw std::runtime_error("the vectors have no " + name);
    return at->second;
  }
  std::size_t number(const std::string& name) const { return std::stoul(text(name)); }
  /// What a string of hexadecimal digits stands for.
  std::vector<std::uint8_t> bytes(const std::string& name) const {
    const std::string& digits = text(name);
    std::vector<std::uint8_t> value(digits.size() / 2);
    if (!ota::from_hex(digits, {value.data(), value.size()}))
      throw std::runtime_error(name + " is not hexadecimal: " + digits);
    return value;
  }

  void set(const std::string& name, std::string value) { members_[name] = std::move(value); }

 private:
  std::map<std::string, std::string> members_;
};

/// A view of what `fields::bytes` gave.
inline ota::bytes view(const std::vector<std::uint8_t>& data) { return {data.data(), data.size()}; }

namespace detail {

/// Reads a file of vectors; throws at what it does not expect.
class file_reader {
 public:
  using reader_type = ota::json_reader<65536, 16>;

  explicit file_reader(const std::string& path) : reader_(std::make_unique<reader_type>()) {
    std::ifstream file(path, std::ios::binary);
    content_.assign(std::istreambuf_iterator<char>(file), {});
    reader_->feed(ota::as_bytes(content_));
    reader_->finish();
  }

  /// Gives each test with its group; the fields of the file itself in the end.
  template <class Each>
  fields read(Each&& each) {
    fields file;
    next(ota::json_event::begin_object);
    members(file, "", [&](const std::string& name) {
      if (name != "testGroups") return false;
      elements([&] { group(each); });
      return true;
    });
    return file;
  }

 private:
  template <class Each>
  void group(Each& each) {
    fields group;
    std::vector<fields> tests;
    members(group, "", [&](const std::string& name) {
      if (name != "tests") return false;
      elements(
          [&] { members(tests.emplace_back(), "", [](const std::string&) { return false; }); });
      return true;
    });
    for (const fields& test : tests) each(group, test);
  }

  /// An array of objects; `read` is called after the begin of each.
  template <class Read>
  void elements(Read&& read) {
    next(ota::json_event::begin_array);
    while (next() == ota::json_event::begin_object) read();
  }

  /// The rest of an object: `take` reads the value of a name itself, or declines.
  template <class Take>
  void members(fields& into, const std::string& prefix, Take&& take) {
    while (next() == ota::json_event::key) {
      const std::string name = prefix + std::string(reader_->text());
      if (!take(name)) value(into, name);
    }
  }

  /// A value; arrays are skipped.
  void value(fields& into, const std::string& name) {
    switch (next()) {
      case ota::json_event::begin_object:
        return members(into, name + ".", [](const std::string&) { return false; });
      case ota::json_event::begin_array:
        for (const std::size_t depth = reader_->depth(); reader_->depth() >= depth;) next();
        return;
      case ota::json_event::boolean:
        return into.set(name, reader_->boolean() ? "true" : "false");
      default:
        return into.set(name, std::string(reader_->text()));
    }
  }

  ota::json_event next() {
    const auto event = reader_->next();
    if (!event || reader_->truncated()) throw std::runtime_error("the vectors cannot be read");
    return *event;
  }
  void next(ota::json_event expected) {
    if (next() != expected) throw std::runtime_error("the vectors have another shape");
  }

  std::string content_;
  std::unique_ptr<reader_type> reader_;
};

}  // namespace detail

/// Calls `each(group, test)` for every test of `<name>_test.json`; both are `fields`. Expects as
/// many as the file says there are.
template <class Each>
void for_each_test(const std::string& name, Each&& each) {
  std::size_t count = 0;
  detail::file_reader reader(OTA_TEST_DATA_DIR "/wycheproof/" + name + "_test.json");
  const fields file = reader.read([&](const fields& group, const fields& test) {
    SCOPED_TRACE(name + ", test " + test.text("tcId") + ": " + test.text("comment"));
    ++count;
    each(group, test);
  });
  EXPECT_EQ(count, file.number("numberOfTests")) << name;
  EXPECT_GT(count, 0u) << name;
}

/// Expects `Policy` to accept exactly the valid signatures of a file, with the key that is the
/// field `key` of each group.
template <class Policy>
void expect_policy(const std::string& name, const std::string& key) {
  for_each_test(name, [&](const fields& group, const fields& test) {
    const auto public_key = group.bytes(key), message = test.bytes("msg"),
               signature = test.bytes("sig");
    EXPECT_EQ(Policy::verify(view(public_key), view(message), view(signature)),
              test.text("result") == "valid");
  });
}

}  // namespace ota_test::wycheproof
