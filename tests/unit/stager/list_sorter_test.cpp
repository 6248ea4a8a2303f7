#include "ota/stager/list_sorter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ota/storage/memory_files.hpp"

namespace {

using files = ota::memory_files<65536>;
using names = std::vector<std::string>;

void write_list(files& storage, std::string_view path, const names& list) {
  ota::entry_writer writer;
  writer.begin(path);
  ota::entry item;
  for (const std::string& name : list) {
    item.path.assign(name);
    item.size = name.size();
    ASSERT_TRUE(writer.add(storage, item));
  }
  ASSERT_TRUE(writer.flush(storage));
}

names read_list(files& storage, std::string_view path) {
  names list;
  ota::entry_reader reader;
  reader.begin(path);
  ota::entry item;
  while (reader.next(storage, item).value_or(false)) {
    list.emplace_back(item.path);
    EXPECT_EQ(item.size, item.path.size());
  }
  return list;
}

/// The error's text; empty: done.
std::string sort(files& storage, bool listing) {
  const ota::config settings;
  ota::list_sorter<files, ota::told_settings> sorter(storage, settings, listing);
  for (;;) {
    const auto more = sorter.step();
    if (!more) return more.error().text;
    if (!*more) return {};
  }
}

/// Up to `most` names of few letters, so that some come twice, in runs of any length.
names random_names(std::mt19937& random, unsigned most) {
  names list(random() % (most + 1));
  for (std::string& name : list)
    for (auto length = 1 + random() % 3; name.size() < length;) name += "ab./"[random() % 4];
  for (auto runs = random() % 4; runs-- > 0 && list.size() > 1;) {
    const auto middle = list.begin() + static_cast<std::ptrdiff_t>(random() % list.size());
    std::sort(list.begin(), middle);
    if (random() % 2 == 0) std::sort(middle, list.end());
  }
  return list;
}

TEST(list_sorter, sorts_as_the_standard_library_does) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    names list = random_names(random, 50);
    const std::set<std::string> kinds(list.begin(), list.end());
    const names sorted(kinds.begin(), kinds.end());
    files storage;
    write_list(storage, ota::layout::candidates, list);
    ASSERT_EQ(sort(storage, false), "");
    ASSERT_EQ(read_list(storage, ota::layout::candidates), sorted);

    std::shuffle(list.begin(), list.end(), random);
    write_list(storage, ota::layout::listing, list);
    const std::string said = sort(storage, true);
    if (list.empty()) {
      ASSERT_EQ(said.rfind("the new version has no file", 0), 0u) << said;
    } else if (list.size() != sorted.size()) {
      ASSERT_EQ(said.rfind("a file stands twice", 0), 0u) << said;
    } else {
      ASSERT_EQ(said, "");
      ASSERT_EQ(read_list(storage, ota::layout::listing), sorted);
    }
  }
}

TEST(list_sorter, leaves_a_sorted_list_untouched_and_has_nothing_to_do_without_one) {
  files storage;
  EXPECT_EQ(sort(storage, false), "");
  write_list(storage, ota::layout::listing, {"a", "b", "b/c"});
  EXPECT_EQ(sort(storage, true), "");
  EXPECT_EQ(storage.stat(ota::layout::expanded)->kind, ota::file_kind::none);
}

}  // namespace
