#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "digest.hpp"
#include "ota/format/json_reader.hpp"
#include "process.hpp"

// The files of tests/data/wycheproof: groups, each of which holds what its tests share.

namespace ota_test {

/// A JSON value with all that is in it. Numbers are kept as their text, literals as nothing.
struct json_value {
  std::string text;
  std::map<std::string, json_value> fields;
  std::vector<json_value> items;

  /// A field that must be there.
  const json_value& operator[](const std::string& name) const { return fields.at(name); }
  bool has(const std::string& name) const { return fields.count(name) != 0; }

  /// The text as hexadecimal digits of bytes.
  std::vector<std::uint8_t> from_hex() const { return from_digits(text); }
};

/// Reads a whole JSON document.
class json_tree {
 public:
  explicit json_tree(std::string_view document) {
    reader_->feed(ota::as_bytes(document));
    reader_->finish();
    root_ = value(next());
  }
  const json_value& root() const { return root_; }

 private:
  using event = ota::json_event;

  json_value value(event first) {
    json_value made;
    if (first == event::begin_object) {
      while (next() == event::key) {
        const std::string name(reader_->text());
        made.fields[name] = value(next());
      }
    } else if (first == event::begin_array) {
      for (event item = next(); item != event::end_array; item = next())
        made.items.push_back(value(item));
    } else {
      made.text = reader_->text();
    }
    return made;
  }

  event next() {
    const auto met = reader_->next();
    if (!met || reader_->truncated()) throw std::runtime_error("not a JSON document for this test");
    return *met;
  }

  using reader = ota::json_reader<1 << 16>;
  std::unique_ptr<reader> reader_ = std::make_unique<reader>();
  json_value root_;
};

/// Calls `body(group, test)` for every test in a file; checks that these are all.
template <class Body>
void for_each_wycheproof(const std::string& file, Body&& body) {
  const json_value root = json_tree(content_of(OTA_TEST_DATA_DIR "/wycheproof/" + file)).root();
  std::size_t count = 0;
  for (const json_value& group : root["testGroups"].items)
    for (const json_value& test : group["tests"].items) {
      SCOPED_TRACE(file + " test " + test["tcId"].text + ": " + test["comment"].text);
      body(group, test);
      ++count;
    }
  EXPECT_GT(count, 0u);
  EXPECT_EQ(std::to_string(count), root["numberOfTests"].text);
}

namespace wycheproof {

/// The fields of a group or a test; those of a field as "publicKey.modulus".
class fields {
 public:
  explicit fields(const json_value& value) : value_(&value) {}

  const std::string& text(const std::string& name) const { return at(name).text; }
  std::size_t number(const std::string& name) const { return std::stoul(text(name)); }
  std::vector<std::uint8_t> bytes(const std::string& name) const { return at(name).from_hex(); }

 private:
  const json_value& at(const std::string& name) const {
    const json_value* found = value_;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t end = std::min(name.find('.', begin), name.size());
      found = &(*found)[name.substr(begin, end - begin)];
      begin = end + 1;
    }
    return *found;
  }

  const json_value* value_;
};

inline ota::bytes view(const std::vector<std::uint8_t>& data) { return {data.data(), data.size()}; }

/// As `for_each_wycheproof`, of `<name>_test.json`.
template <class Each>
void for_each_test(const std::string& name, Each&& each) {
  for_each_wycheproof(name + "_test.json", [&](const json_value& group, const json_value& test) {
    each(fields(group), fields(test));
  });
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

}  // namespace wycheproof
}  // namespace ota_test
