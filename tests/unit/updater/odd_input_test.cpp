// Documents, storages and other programs that a device meets but that nobody would wish for.

#include <filesystem>
#include <functional>
#include <random>

#include "ota/ota.hpp"
#include "updates.hpp"

namespace {

using namespace ota_test;

const tree one_file = {{"a.txt", {"one"}}};

struct odd_input : updates {
  /// Brings the device to commit 1, confirmed.
  void install(const tree& content) {
    offer('1', content);
    ASSERT_EQ(update(), ota::update_outcome::updated) << message;
    confirm();
  }

  /// The start after an update that nobody confirmed.
  void start_twice() {
    for (int start = 0; start < 2; ++start) {
      one_device one(settings, storage, github);
      ASSERT_TRUE(one.updater.boot());
    }
  }

  void expect_refused(const std::string& words) {
    const tree before = read_tree(storage);
    EXPECT_EQ(update(), ota::update_outcome::failed);
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_EQ(read_tree(storage), before);
  }

  /// An update to `big` of which the file big.bin is here in part.
  void stage_in_part() {
    one_device one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step() && one.updater.progress().bytes_moved < 9000) {
    }
  }

  const tree big = {{"big.bin", {std::string(20000, 'x')}}, {"end.txt", {"end"}}};
};

TEST_F(odd_input, an_answer_without_a_list_is_not_an_empty_version) {
  install(one_file);
  for (const char* answer : {"[]", "null", "{}", R"({"tree":null})", R"({"tree":{}})"}) {
    offer('2', {});
    github.tree_answer = answer;
    expect_refused("the answer holds no list of files");
  }
  github.tree_answer = R"({"tree":[],"truncated":false})";
  expect_refused("the new version has no file for this device");
}

TEST_F(odd_input, an_answer_that_is_refused_does_not_cost_the_way_back) {
  install(one_file);
  offer('2', {{"a.txt", {"two"}}});
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  confirm();
  offer('3', {});
  github.tree_answer = "{}";
  expect_refused("the answer holds no list of files");
  one_device one(settings, storage, github);
  ASSERT_TRUE(one.updater.boot());
  EXPECT_TRUE(one.updater.rollback());
  EXPECT_EQ(read_tree(storage), one_file);
}

TEST_F(odd_input, a_manifest_without_a_list_is_refused) {
  for (const char* manifest : {"{}", R"({"version":"1"})", R"({"deletes":["a.txt"]})"}) {
    github.releases.clear();
    release("v1", '1', one_file, manifest);
    expect_refused("the manifest has no list of files");
  }
}

TEST_F(odd_input, a_file_that_stands_twice_is_refused) {
  const std::string again = R"({"path":"a.txt","mode":"100644","type":"blob","sha":")" +
                            git_id("other") + R"(","size":5},)";
  install(one_file);
  offer('2', {{"a.txt", {"two"}}});
  github.extra_tree_entries = again;
  expect_refused("a.txt: a file stands twice");
  // Not beside each other, in a list that is in no order.
  offer('3', {{"a.txt", {"two"}}, {"b.txt", {"two"}}});
  github.extra_tree_entries = R"({"path":"z.txt","mode":"100644","type":"blob","sha":")" +
                              git_id("z") + R"(","size":1},)" + again +
                              R"({"path":"0.txt","mode":"100644","type":"blob","sha":")" +
                              git_id("z") + R"(","size":1},)";
  expect_refused("a.txt: a file stands twice");
}

TEST_F(odd_input, a_manifest_that_says_a_thing_twice_is_refused) {
  // A signature is over the last of them, as python's json has it.
  release("v1", '1', one_file, manifest_of(one_file, R"(,"files":[])"));
  expect_refused("the manifest says the same thing twice");
}

TEST_F(odd_input, a_root_document_is_not_passed_over_by_a_program_that_knows_none) {
  settings.trusted_root = "ota-root 1\n";
  offer('1', one_file);
  expect_refused("this program checks no signatures");
}

TEST_F(odd_input, a_file_that_a_manifest_has_and_removes_stays) {
  release("v1", '1', one_file, manifest_of(one_file, R"(,"deletes":["a.txt"])"));
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), one_file);
}

TEST_F(odd_input, sizes_whose_sum_overflows_do_not_fit) {
  offer('1', one_file);
  for (const char* name : {"p1", "p2"})
    github.extra_tree_entries += std::string(R"({"path":")") + name +
                                 R"(","mode":"100644","type":"blob","sha":")" + git_id("x") +
                                 R"(","size":9223372036854775808},)";
  expect_refused("not enough space");
}

TEST_F(odd_input, the_token_goes_to_the_configured_hosts_alone) {
  settings.token = "secret";
  release("v1", '1', one_file, manifest_of(one_file));  // the manifest is at http://x
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(asked("/manifest.json"), 1);
  for (const std::string& url : github.with_token)
    EXPECT_TRUE(url.rfind("http://api/", 0) == 0 || url.rfind("http://raw/", 0) == 0) << url;
  EXPECT_EQ(github.with_token.size(), github.requests.size() - 1);
}

TEST_F(odd_input, a_plan_that_was_damaged_is_made_anew) {
  install(one_file);
  offer('2', big);
  stage_in_part();
  std::string plan = text(".ota/plan");
  plan[plan.size() / 2] = static_cast<char>(plan[plan.size() / 2] ^ 1);
  put(".ota/plan", plan);
  expect_refused("what was staged before is damaged");
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), big);
}

TEST_F(odd_input, a_server_that_has_fewer_bytes_than_are_here_is_asked_from_the_first) {
  offer('1', big);
  stage_in_part();
  github.commits[commit_of('1')]["big.bin"].content = "short";  // as the server has it for a while
  EXPECT_EQ(update(), ota::update_outcome::failed);
  EXPECT_LT(github.requests.size(), 40u);
  github.commits[commit_of('1')] = big;
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), big);
}

TEST_F(odd_input, a_directory_of_the_bad_version_does_not_stop_its_put_back) {
  install({{"cfg", {"one"}}});
  offer('2', {{"cfg/d", {"two"}}});
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  put("cfg/user", "written by version 2");
  start_twice();
  EXPECT_EQ(text("cfg"), "one");
  EXPECT_EQ(read_tree(storage).size(), 1u);
}

TEST_F(odd_input, what_another_client_has_installed_since_is_not_put_back) {
  install(one_file);
  offer('2', {{"a.txt", {"two"}}});
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  start_twice();
  EXPECT_EQ(text("a.txt"), "one");
  // The original client brings version 3; nothing that is recorded of version 1 holds any more.
  put("a.txt", "three");
  put("version.json", R"({"ref": "main", "commit": ")" + commit_of('3') + "\"}");
  offer('1', one_file);
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), one_file);
}

TEST_F(odd_input, a_record_without_files_is_no_plan_to_go_on_with) {
  install(one_file);
  offer('2', {{"a.txt", {"two"}}});
  {
    one_device one(settings, storage, github);
    one.updater.record_only();
    while (one.updater.step() && !exists(".ota/plan")) {
    }
  }
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("a.txt"), "two");
}

TEST_F(odd_input, patterns_and_paths_of_the_librarys_own_folder_have_no_effect) {
  install(one_file);
  const std::string state = text(".ota/state");
  static constexpr std::string_view own[] = {".ota", "/.OTA/", "version.json"};
  settings.delete_patterns = own;
  offer('2', one_file);
  github.extra_tree_entries = R"({"path":".OTA/state","mode":"100644","type":"blob","sha":")" +
                              git_id("x") + R"(","size":1},)";
  (void)update();
  EXPECT_EQ(read_tree(storage), one_file);
  EXPECT_FALSE(exists(".OTA"));
  EXPECT_TRUE(exists("version.json"));
}

/// Steps of an update by a manifest with the files in this order.
long steps_for(const std::vector<std::string>& paths) {
  tree files;
  std::string manifest;
  for (const std::string& path : paths) {
    files[path] = {"x"};
    const std::string one = manifest_of({{path, {"x"}}});
    manifest += (manifest.empty() ? R"({"version":"v1","files":[)" : ",") +
                one.substr(10, one.find(']') - 10);
  }
  fake_github::state github;
  github.commits[commit_of('1')] = files;
  github.releases.push_back({"v1", commit_of('1'), manifest + "]}"});
  ota::config settings = small_config();
  settings.channel = "stable";
  ota::memory_files<524288> storage;
  device<ota::memory_files<524288>&> one(settings, storage, github);
  long steps = 0;
  while (one.updater.step()) ++steps;
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(read_tree(storage), files);
  return steps;
}

TEST(order_of_a_list, costs_no_square_of_its_length) {
  const auto paths = [](int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i)
      all.push_back("d" + std::to_string(i % 7) + (i % 3 == 0 ? ".py" : "/f") + std::to_string(i));
    return all;
  };
  std::mt19937 random(1);
  using lists = std::vector<std::string>;
  const std::vector<std::function<void(lists&)>> orders = {
      [](lists& list) { std::sort(list.begin(), list.end()); },
      [](lists& list) { std::sort(list.begin(), list.end(), std::greater<>()); },
      [](lists&) {},  // by number: every neighbour is in another directory
      [&](lists& list) { std::shuffle(list.begin(), list.end(), random); },
      [](lists& list) {  // as python's pathlib has them
        std::sort(list.begin(), list.end(), [](const std::string& a, const std::string& b) {
          return std::filesystem::path(a) < std::filesystem::path(b);
        });
      }};
  for (const auto& put_in_order : orders) {
    auto few = paths(200), many = paths(800);
    put_in_order(few);
    put_in_order(many);
    // The logarithm of the length is a factor as well: 10/8 at the most.
    EXPECT_LT(static_cast<double>(steps_for(many)), 5.2 * static_cast<double>(steps_for(few)));
  }
}

/// Steps of an update that brings nothing but finds one stray file among so many.
long steps_to_find_a_stray(int count) {
  static constexpr std::string_view everything[] = {"lib"};
  ota::config settings = small_config();
  settings.delete_patterns = everything;
  fake_github::state github;
  ota::memory_files<524288> storage;
  tree& files = github.commits[commit_of('1')];
  github.heads["main"] = commit_of('1');
  for (int i = count; i-- > 0;) {
    const std::string path =
        "lib/d" + std::to_string(i % 11) + "/" + std::to_string(i * 7919 % count);
    files[path] = {"x"};
    EXPECT_TRUE(storage.write(path, 0, ota::as_bytes("x")));
  }
  EXPECT_TRUE(storage.write("lib/d3/stray", 0, ota::as_bytes("x")));
  device<ota::memory_files<524288>&> one(settings, storage, github);
  long steps = 0;
  while (one.updater.step()) ++steps;
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(one.updater.progress().removals, 1u);
  EXPECT_EQ(read_tree(storage), files);
  return steps;
}

TEST(delete_patterns, cost_no_square_of_the_number_of_files) {
  EXPECT_LT(static_cast<double>(steps_to_find_a_stray(800)),
            5.2 * static_cast<double>(steps_to_find_a_stray(200)));
}

TEST_F(odd_input, a_damaged_list_of_what_is_installed_is_done_without) {
  install({{"a.txt", {"one"}}, {"b.txt", {"one"}}, {"c.txt", {"one"}}});
  const std::string list = text(".ota/installed");
  const std::string damages[] = {"garbage", list.substr(0, list.size() - 3), list + list};
  char next = '2';
  for (const std::string& damage : damages) {
    put(".ota/installed", damage);
    offer(next, {{"a.txt", {std::string(1, next)}}, {"b.txt", {"one"}}});
    ++next;
    EXPECT_EQ(update(), ota::update_outcome::updated) << message;
    confirm();
  }
  // What the damaged list would have told is gone: c.txt stays.
  EXPECT_EQ(read_tree(storage).size(), 3u);
  EXPECT_EQ(text("a.txt"), "4");
}

// A full storage must not keep a bad version in place.
TEST(full_storage, does_not_stop_a_put_back) {
  using small_files = ota::memory_files<3000>;
  small_files storage;
  fake_github::state github;
  const ota::config settings = small_config();
  const auto bring = [&](char digit, const tree& content) {
    github.commits[commit_of(digit)] = content;
    github.heads["main"] = commit_of(digit);
    device<small_files&> one(settings, storage, github);
    EXPECT_EQ(one.run(), ota::update_outcome::updated) << one.updater.message();
  };
  bring('1', one_file);
  ASSERT_TRUE((device<small_files&>(settings, storage, github).updater.confirm()));
  bring('2', {{"a.txt", {"two"}}});
  const std::string byte = "x";
  std::size_t size = 0;
  while (storage.write("log", size, ota::as_bytes(byte))) ++size;
  for (int start = 0; start < 2; ++start)
    ASSERT_TRUE((device<small_files&>(settings, storage, github).updater.boot()));
  EXPECT_EQ(read_tree(storage)["a.txt"].content, "one");
}

}  // namespace
