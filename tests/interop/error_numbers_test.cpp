// A device that keeps no texts of errors tells their numbers, and the tool knows the words.

#define OTA_ERROR_NUMBERS

#include <gtest/gtest.h>

#include <sstream>

#include "ota/format/config_document.hpp"
#include "support/fake_device.hpp"
#include "support/process.hpp"

namespace {

using namespace ota_test;

finished explain(const std::string& number) { return run(OTA_TOOL " explain " + number + " 2>&1"); }

// What the same update says on a device with texts is a case of unit/updater.
TEST(error_numbers, of_a_failed_update_are_explained) {
  fake_github::state github;
  github.commits[commit_of('1')] = {{"a.txt", {"one"}}};
  github.heads["main"] = commit_of('1');
  github.extra_tree_entries = R"({"path":"bad.txt","mode":"100644","type":"blob","sha":")" +
                              git_id("good") + R"(","size":4},)";
  const ota::config settings = small_config();
  ota::memory_files<65536> storage;
  device<ota::memory_files<65536>&> one(settings, storage, github);
  ASSERT_TRUE(one.updater.recover());
  ASSERT_EQ(one.run(), ota::update_outcome::failed);

  const std::string message(one.updater.message());
  const std::string before = "bad.txt: error ", after = " (status 404)";
  ASSERT_EQ(message.size(), before.size() + 6 + after.size()) << message;
  EXPECT_EQ(message.substr(0, before.size()), before);
  EXPECT_EQ(message.substr(before.size() + 6), after);
  const finished told = explain(message.substr(before.size(), 6));
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.out,
            "http: not found on the server; check owner, repo, branch or tag, and the token\n");
}

// Errors whose words are made as they happen are others then, which have a number.
TEST(error_numbers, of_a_wrong_configuration_are_explained) {
  ota::config_document<> document;
  const auto done = document.read_json(ota::as_bytes(R"({"retries": "many"})"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ota::errc::invalid_argument);
  ota::fixed_string<40> line;
  ota::append_text(line, done.error());
  const finished told = explain(std::string(line.view().substr(6)) + " --json");
  EXPECT_EQ(told.code, 0) << told.out;
  EXPECT_EQ(told.out.compare(0, 33, R"({"where": "config", "text": "the )"), 0) << told.out;
}

TEST(error_numbers, are_of_both_texts) {
  constexpr ota::error one{ota::errc::storage, "flash", "a sector is worn out"};
  constexpr ota::error other{ota::errc::storage, "flas", "ha sector is worn out"};
  EXPECT_NE(one.number(), other.number());
  EXPECT_LT(one.number(), 1u << 24);
  EXPECT_EQ(sizeof(ota::error), 4u);
}

// Python counts the numbers by itself, of all that the headers hold.
TEST(error_numbers, of_every_error_are_those_that_python_counts) {
  const finished listed = run(std::string(OTA_PYTHON) + R"( -c '
import sys
sys.path.insert(0, ")" OTA_SOURCE_DIR R"(/tools")
import error_list
for where, text in error_list.errors():
    print("%06x" % error_list.number_of(where, text), where[1:-1])')");
  ASSERT_EQ(listed.code, 0) << listed.out;
  std::istringstream lines(listed.out);
  std::string number, where;
  int count = 0;
  while (lines >> number && std::getline(lines >> std::ws, where)) {
    const finished told = explain(number);
    EXPECT_EQ(told.code, 0) << told.out;
    EXPECT_EQ(told.out.compare(0, where.size() + 2, where + ": "), 0) << told.out;
    ++count;
  }
  EXPECT_GT(count, 250);
}

TEST(error_numbers, that_are_none_are_told_so) {
  EXPECT_EQ(explain("000000").code, 1);
  for (const char* wrong : {"", "12345", "1234567", "12345g", "ABCDEF"})
    EXPECT_EQ(explain(wrong).code, 2) << wrong;
  EXPECT_EQ(explain("000000").out, "ota: no error of this version has the number 000000\n");
}

}  // namespace
