// Updates by patches: those of a manifest, and those of a tree as 0x687931/ota has them.

#include <gtest/gtest.h>

#include "support/faulty_files.hpp"
#include "support/patched_device.hpp"
#include "support/signed_github.hpp"
#include "updates.hpp"

namespace {

using namespace ota_test;

struct patches : updates {
  using patched = patched_device<files>;

  tree before = {{"lib/main.py", {program(300, 1)}},
                 {"other.py", {program(120, 1)}},
                 {"same.txt", {"not touched\n"}}};
  tree now = {{"lib/main.py", {program(300, 2)}},
              {"other.py", {program(120, 2)}},
              {"same.txt", {"not touched\n"}},
              {"new.txt", {"a new file\n"}}};

  template <class Device = patched>
  ota::update_outcome update() {
    Device one(settings, storage, github);
    EXPECT_TRUE(one.updater.recover());
    (void)one.updater.run();
    message = one.updater.message();
    progress = one.updater.progress();
    figures = one.updater.patches();
    if (one.updater.outcome() == ota::update_outcome::updated) {
      EXPECT_TRUE(one.updater.confirm());
    }
    return one.updater.outcome();
  }

  struct listed_patch {
    std::string path, content;
    int memory = 3456;
  };

  /// Lists a patch in the manifest and puts it beside the files.
  void give(const std::string& path, const std::string& made_for, const std::string& content,
            int memory = 3456) {
    given.push_back({patch_name(path, made_for), content, memory});
  }

  /// Version two: a release with a manifest that lists the patches.
  void release_now() {
    std::string list;
    tree published = now;
    std::sort(given.begin(), given.end(), [](auto& a, auto& b) { return a.path < b.path; });
    for (const auto& one : given) {
      published[one.path] = {one.content};
      list += R"({"memory":)" + std::to_string(one.memory) + R"(,"path":")" + one.path +
              R"(","sha256":")" + sha256_digits(one.content) + R"(","size":)" +
              std::to_string(one.content.size()) + "},";
    }
    if (!list.empty()) list.pop_back();
    release("v2", '2', published, manifest_of(now, R"(,"patches":[)" + list + "]"));
  }

  void install(const tree& content) {
    release("v1", '1', content, manifest_of(content));
    ASSERT_EQ(update(), ota::update_outcome::updated) << message;
    github.requests.clear();
    github.body_bytes = 0;
  }

  void expect_now() {
    EXPECT_EQ(update(), ota::update_outcome::updated) << message;
    EXPECT_EQ(read_tree(storage), now);
    EXPECT_FALSE(exists(".ota/patch"));
    EXPECT_FALSE(exists(".ota/patches"));
  }

  std::string was(const std::string& path) const { return before.at(path).content; }
  std::string is(const std::string& path) const { return now.at(path).content; }
  std::string native(const std::string& path) const { return native_patch(was(path), is(path)); }
  std::string otadelta(const std::string& path) const {
    return otadelta_patch(was(path), is(path));
  }

  std::vector<listed_patch> given;
  ota::patch_figures figures;
};

TEST_F(patches, make_files_of_those_that_are_installed) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), otadelta("other.py"), 0);
  give("lib/main.py", "another old content", "never looked at");
  release_now();
  expect_now();
  EXPECT_EQ(figures.made, 2u);
  EXPECT_EQ(figures.failed, 0u);
  EXPECT_EQ(asked("2/lib/main.py"), 0);
  EXPECT_EQ(asked("2/other.py"), 0);
  EXPECT_EQ(asked("/.deltas/"), 2);
  EXPECT_EQ(progress.files, 3u);
  // What came over the network is what is told: two patches and the new file.
  const std::size_t moved =
      native("lib/main.py").size() + otadelta("other.py").size() + is("new.txt").size();
  EXPECT_EQ(progress.bytes_moved, moved);
  EXPECT_LT(moved * 8, is("lib/main.py").size() + is("other.py").size());
}

TEST_F(patches, are_not_asked_for_by_a_device_without_the_policy) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  EXPECT_EQ(updates::update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), now);
  EXPECT_EQ(asked("/.deltas/"), 0);
  EXPECT_FALSE(exists(".ota/patches"));
}

TEST_F(patches, are_taken_for_the_version_that_is_installed) {
  tree older = before;
  older["lib/main.py"].content = program(300, 7);
  install(older);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("lib/main.py", program(300, 7), native_patch(program(300, 7), is("lib/main.py")));
  release_now();
  expect_now();
  EXPECT_EQ(figures.made, 1u);
  EXPECT_EQ(asked(patch_name("lib/main.py", program(300, 7))), 1);
  EXPECT_EQ(asked("/.deltas/"), 1);
}

TEST_F(patches, for_another_base_are_not_downloaded) {
  tree changed = before;
  changed["lib/main.py"].content += "# changed on the device\n";
  install(changed);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  expect_now();
  EXPECT_EQ(asked("/.deltas/"), 0);
  EXPECT_EQ(asked("2/lib/main.py"), 1);
}

TEST_F(patches, that_need_more_memory_than_the_device_gives_are_not_downloaded) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"),
       static_cast<int>(small_blocks::memory) + 1);
  give("other.py", was("other.py"), native("other.py"), static_cast<int>(small_blocks::memory));
  release_now();
  expect_now();
  EXPECT_EQ(figures.made, 1u);
  EXPECT_EQ(asked("/.deltas/"), 1);
  EXPECT_EQ(asked("2/lib/main.py"), 1);
}

TEST_F(patches, that_save_too_little_are_not_downloaded) {
  install(before);
  give("lib/main.py", was("lib/main.py"), std::string(is("lib/main.py").size() * 7 / 8, 'p'));
  give("other.py", was("other.py"), std::string(is("other.py").size() + 1, 'p'));
  release_now();
  expect_now();
  EXPECT_EQ(asked("/.deltas/"), 0);
}

// Whatever a patch is, the version that comes is the right one.
TEST_F(patches, with_which_something_is_wrong_leave_their_file_to_the_download) {
  const std::string good = native("lib/main.py");
  std::string damaged = good;
  damaged[good.size() - 8] = static_cast<char>(damaged[good.size() - 8] ^ 0x20);  // it is coded
  std::string short_copy("OTADELTA\1\1\0\x10\xff", 13);
  const std::string wrong[] = {
      damaged,
      good.substr(0, good.size() / 2),
      native_patch(was("lib/main.py"), program(300, 3)),  // makes another file as long
      native_patch(was("lib/main.py"), is("lib/main.py") + "more\n"),
      native_patch(was("other.py"), is("lib/main.py")).substr(0, 300),
      otadelta_patch(was("lib/main.py"), program(300, 3)),
      short_copy,
      std::string("OTADELTA\2\xff"),
      std::string("not a patch"),
  };
  install(before);
  const files start = storage;
  for (const std::string& content : wrong) {
    storage = start;
    given.clear();
    github.releases.resize(1);
    github.requests.clear();
    give("lib/main.py", was("lib/main.py"), content);
    give("other.py", was("other.py"), native("other.py"));
    release_now();
    expect_now();
    EXPECT_EQ(figures.made, 1u);
    EXPECT_EQ(figures.failed, 1u);
    EXPECT_EQ(asked("2/lib/main.py"), 1);
    EXPECT_EQ(asked("2/other.py"), 0);
  }
}

TEST_F(patches, that_are_not_there_leave_their_file_to_the_download) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), native("other.py"));
  release_now();
  github.commits[commit_of('2')].erase(patch_name("lib/main.py", was("lib/main.py")));
  expect_now();
  EXPECT_EQ(figures.made, 1u);
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(asked("/.deltas/lib_main.py"), 1);
}

TEST_F(patches, that_are_not_what_the_manifest_promises_are_not_applied) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  // As good a patch, but not the one that was signed.
  github.forged["/o/r/v2/" + given[0].path] = otadelta("lib/main.py");
  expect_now();
  EXPECT_EQ(figures.made, 0u);
  EXPECT_EQ(figures.failed, 1u);
}

TEST_F(patches, go_on_where_the_connection_broke) {
  settings.backoff_sec = 0;
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  patched one(settings, storage, github);
  ASSERT_TRUE(one.updater.recover());
  bool broken = false;
  while (one.updater.step())
    if (!broken && exists(".ota/patch/0/0")) {
      broken = true;
      github.drop_after = 10;
    }
  EXPECT_TRUE(broken);
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(read_tree(storage), now);
  EXPECT_EQ(one.updater.patches().made, 1u);
}

TEST_F(patches, of_a_server_that_breaks_off_each_time_are_given_up) {
  settings.backoff_sec = 0;
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  patched one(settings, storage, github);
  ASSERT_TRUE(one.updater.recover());
  while (one.updater.step()) {
    const bool asks_for_patch =
        !github.requests.empty() && github.requests.back().find("/.deltas/") != std::string::npos;
    github.drop_after = asks_for_patch ? 0 : SIZE_MAX;
  }
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::updated) << one.updater.message();
  EXPECT_EQ(read_tree(storage), now);
  EXPECT_EQ(one.updater.patches().failed, 1u);
}

TEST_F(patches, do_not_take_the_place_of_a_download_that_has_begun) {
  settings.backoff_sec = 0;
  settings.http_retries = 1;
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  const repository_file hidden = github.commits[commit_of('2')][given[0].path];
  github.commits[commit_of('2')].erase(given[0].path);
  {
    patched one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step())
      if (storage.stat(".ota/new/0/0")->size > 3000) github.drop_after = 0;
    ASSERT_EQ(one.updater.outcome(), ota::update_outcome::failed);
  }
  const std::size_t there = storage.stat(".ota/new/0/0")->size;
  ASSERT_GT(there, 3000u);
  github.drop_after = SIZE_MAX;
  github.commits[commit_of('2')][given[0].path] = hidden;
  expect_now();
  EXPECT_EQ(figures.made, 0u);
  EXPECT_EQ(progress.resumed, 1u);
  EXPECT_EQ(progress.bytes_moved,
            is("lib/main.py").size() - there + is("other.py").size() + is("new.txt").size());
}

TEST_F(patches, of_a_manifest_need_no_order_to_be_harmless) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), native("other.py"));
  release_now();
  std::string& manifest = github.releases.back().manifest;
  const std::size_t list = manifest.find("\"patches\":[") + 11, end = manifest.find(']', list);
  const std::size_t middle = manifest.find("},{", list);
  const std::string first_one = manifest.substr(list, middle + 1 - list),
                    second_one = manifest.substr(middle + 2, end - middle - 2);
  manifest.replace(list, end - list, second_one + "," + first_one);
  expect_now();
}

TEST_F(patches, for_a_kind_of_code_that_the_device_does_not_know_are_not_downloaded) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  release_now();
  std::string& manifest = github.releases.back().manifest;
  manifest.replace(manifest.find("{\"memory\""), 1, "{\"code\":2,");
  expect_now();
  EXPECT_EQ(asked("/.deltas/"), 0);
}

// ---- in a signed manifest -------------------------------------------------------------------

struct signed_patches : signed_updates {
  struct device {
    struct policies : signed_device<files>::policies {
      using delta = small_blocks;
    };
    device(signed_maker& maker, files& storage)
        : updater(maker.settings, borrowed_storage<files>(storage), fake_github(maker.github)) {}
    ota::updater<policies> updater;
  };
  const std::string was = program(300, 1), is = program(300, 2);

  long asked(const std::string& part) const {
    return std::count_if(
        github.requests.begin(), github.requests.end(),
        [&](const std::string& path) { return path.find(part) != std::string::npos; });
  }
};

TEST_F(signed_patches, make_files_of_those_that_are_installed) {
  publish(1, {{"main.py", {was}}});
  install();
  const std::string patch = native_patch(was, is);
  ota::host::release_contents::patch line;
  line.path = patch_name("main.py", was);
  line.size = patch.size();
  line.sha256 = ota::host::sha256_of(patch);
  line.memory = small_blocks::memory;
  next.patches = {line};
  publish(2, {{"main.py", {is}}});
  published()[line.path] = {patch};
  EXPECT_EQ(update<device>(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("main.py"), is);
  EXPECT_EQ(asked("v2/main.py"), 0);
  EXPECT_EQ(asked("/.deltas/"), 1);
}

TEST_F(signed_patches, are_passed_over_by_a_device_without_the_policy) {
  publish(1, {{"main.py", {was}}});
  install();
  ota::host::release_contents::patch line;
  line.path = patch_name("main.py", was);
  line.size = 1;
  line.sha256 = ota::host::sha256_of("p");
  next.patches = {line};
  publish(2, {{"main.py", {is}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("main.py"), is);
}

// ---- in a tree, as the original client has them --------------------------------------------

struct tree_patches : patches {
  tree_patches() { settings.enable_delta_updates = true; }

  void install_tree() {
    offer('1', before);
    ASSERT_EQ(update(), ota::update_outcome::updated) << message;
    github.requests.clear();
  }
  void offer_now(const tree& deltas) {
    tree all = now;
    all.insert(deltas.begin(), deltas.end());
    offer('2', all);
  }
};

TEST_F(tree_patches, are_used_by_the_names_that_the_original_gives_them) {
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}},
             {".deltas/other.py.delta", {native("other.py")}}});
  expect_now();
  EXPECT_EQ(figures.made, 2u);
  EXPECT_EQ(asked("2/lib/main.py"), 0);
  EXPECT_EQ(asked("2/other.py"), 0);
  EXPECT_EQ(github.requests.size(), 2u + 2u + 1u);  // branch, tree; the patches; the new file
}

TEST_F(tree_patches, are_used_where_bytes_cost) {
  settings.enable_delta_updates = false;
  settings.metered = true;
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}}});
  expect_now();
  EXPECT_EQ(figures.made, 1u);
}

TEST_F(tree_patches, are_not_used_unless_wanted_and_not_installed) {
  settings.enable_delta_updates = false;
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}}});
  expect_now();
  EXPECT_EQ(asked("/.deltas/"), 0);
}

TEST_F(tree_patches, are_installed_where_the_configuration_names_them) {
  static const std::string_view allowed[] = {"lib", "other.py", "same.txt", "new.txt", ".deltas"};
  settings.allow = allowed;
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_TRUE(exists(".deltas/lib_main.py.delta"));
}

TEST_F(tree_patches, are_used_where_only_some_files_are_allowed) {
  static const std::string_view allowed[] = {"lib"};
  settings.allow = allowed;
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(figures.made, 1u);
}

TEST_F(tree_patches, for_another_base_leave_their_file_to_the_download) {
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta_patch(program(300, 5), is("lib/main.py"))}},
             {".deltas/other.py.delta", {native_patch(program(119, 5), is("other.py"))}}});
  expect_now();
  EXPECT_EQ(figures.made, 0u);
  EXPECT_EQ(figures.failed, 2u);
}

// Names sort otherwise than the paths that they stand for.
TEST_F(tree_patches, are_found_whatever_the_order_of_their_names) {
  tree deltas;
  for (const char* path : {"a-b/x.py", "a.py", "a/x.py", "a/y/z.py", "a0.py", "aA.py", "a_a.py"}) {
    before[path] = {program(40, 1)};
    now[path] = {program(40, 2)};
    std::string name = path;
    std::replace(name.begin(), name.end(), '/', '_');
    deltas[".deltas/" + name + ".delta"] = {otadelta_patch(program(40, 1), program(40, 2))};
  }
  install_tree();
  offer_now(deltas);
  expect_now();
  EXPECT_EQ(figures.made, 7u);
}

TEST_F(tree_patches, of_a_tree_that_is_listed_in_parts_are_used) {
  install_tree();
  offer_now({{".deltas/lib_main.py.delta", {otadelta("lib/main.py")}}});
  github.truncate_after = 2;
  expect_now();
  EXPECT_EQ(figures.made, 1u);
}

// ---- what the device does with its own memory and storage -----------------------------------

// A hash that holds something, as those of hardware do: each that begins must end.
struct counted_hash : ota::sha256 {
  static inline int alive = 0;
  counted_hash() { ++alive; }
  counted_hash(const counted_hash&) = delete;
  counted_hash& operator=(const counted_hash&) = delete;
  ~counted_hash() { --alive; }
};

struct counted_device {
  struct policies : patched_device<files>::policies {
    using hash = counted_hash;
  };
  counted_device(const ota::config& settings, files& storage, fake_github::state& github)
      : updater(settings, borrowed_storage<files>(storage), fake_github(github)) {}
  ota::updater<policies> updater;
};

TEST_F(patches, end_each_hash_that_they_begin_also_when_cut_short) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), native("other.py").substr(0, 40));
  release_now();
  const files start = storage;
  for (int steps = 1; steps < 400; steps += 3) {
    storage = start;
    {
      counted_device one(settings, storage, github);
      ASSERT_TRUE(one.updater.recover());
      for (int i = 0; i < steps && one.updater.step(); ++i) continue;
    }
    ASSERT_EQ(counted_hash::alive, 0) << steps;
  }
  storage = start;
  EXPECT_EQ(update<counted_device>(), ota::update_outcome::updated) << message;
  EXPECT_EQ(figures.made, 1u);
  EXPECT_EQ(counted_hash::alive, 0);
}

// Each operation of the storage fails in turn: the version that runs is whole, and the next update
// brings the new one.
TEST(patches_on_a_failing_storage, leave_a_whole_version_and_go_on) {
  fake_github::state github;
  ota::config settings = small_config();
  settings.http_retries = 1;
  settings.enable_delta_updates = true;
  const tree before = {{"a.py", {program(60, 1)}}, {"b.py", {program(50, 1)}}};
  const tree now = {{"a.py", {program(60, 2)}}, {"b.py", {program(50, 2)}}};
  github.commits[commit_of('1')] = before;
  github.commits[commit_of('2')] = now;
  github.commits[commit_of('2')][".deltas/a.py.delta"] = {
      native_patch(program(60, 1), program(60, 2))};
  github.commits[commit_of('2')][".deltas/b.py.delta"] = {
      otadelta_patch(program(50, 1), program(50, 2))};
  const auto update = [&](faulty_files& storage, char version) {
    github.heads["main"] = commit_of(version);
    patched_device<faulty_files> one(settings, storage, github);
    if (one.updater.boot()) (void)one.updater.run();
    (void)one.updater.confirm();
    return one.updater.outcome();
  };
  faulty_files start{faulty_files::files()};
  ASSERT_EQ(update(start, '1'), ota::update_outcome::updated);
  for (const fault& how :
       {fault{&storage_full, effect::half, false}, fault{&storage_fails, effect::none, false},
        fault{&storage_fails, effect::whole, false}, fault{&storage_full, effect::none, true}}) {
    bool happened = true;
    long number = 1;
    for (; happened; ++number) {
      faulty_files storage = start;
      storage.fail_at(number, how);
      (void)update(storage, '2');
      happened = storage.happened();
      storage.heal();
      {
        patched_device<faulty_files> one(settings, storage, github);
        ASSERT_TRUE(one.updater.recover());
      }
      const tree found = read_tree(storage);
      ASSERT_TRUE(found == before || found == now) << number << ": " << how;
      (void)update(storage, '2');
      ASSERT_EQ(read_tree(storage), now) << number << ": " << how;
    }
    EXPECT_GT(number, 300);
  }
}

// ---- through cuts of the power --------------------------------------------------------------

TEST_F(patches, go_on_after_a_start_of_the_device_at_any_step) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), otadelta("other.py"));
  release_now();
  const files start = storage;
  bool ended = false;
  for (int steps = 1; !ended; ++steps) {
    storage = start;
    {
      patched one(settings, storage, github);
      ASSERT_TRUE(one.updater.recover());
      for (int i = 0; i < steps && !ended; ++i) ended = !one.updater.step();
      if (ended) break;
    }
    const auto outcome = update();
    ASSERT_TRUE(outcome == ota::update_outcome::updated ||
                outcome == ota::update_outcome::up_to_date)
        << steps << ": " << message;
    ASSERT_EQ(read_tree(storage), now) << steps;
    ASSERT_EQ(asked("/o/r/v2/lib/main.py"), 0) << steps;
    ASSERT_EQ(asked("/o/r/v2/other.py"), 0) << steps;
  }
}

// Storage that keeps its lists badly must not hold a device for ever.
TEST_F(patches, of_a_list_that_storage_has_damaged_are_given_up) {
  install(before);
  give("lib/main.py", was("lib/main.py"), native("lib/main.py"));
  give("other.py", was("other.py"), otadelta("other.py"));
  release_now();
  const files start = storage;
  int damaged = 0;
  bool ended = false;
  for (int steps = 1; !ended; ++steps) {
    storage = start;
    patched one(settings, storage, github);
    ASSERT_TRUE(one.updater.recover());
    for (int i = 0; i < steps && !ended; ++i) ended = !one.updater.step();
    std::string list = text(".ota/patch/chosen");
    if (ended || list.empty()) continue;
    ++damaged;
    list[3] ^= 1;  // the mark of an entry
    put(".ota/patch/chosen", list);
    int left = 2000;
    while (left != 0 && one.updater.step()) --left;
    ASSERT_NE(left, 0) << steps;
    if (one.updater.outcome() != ota::update_outcome::updated) {
      ASSERT_EQ(update(), ota::update_outcome::updated) << steps << ": " << message;
    }
    ASSERT_EQ(read_tree(storage), now) << steps;
  }
  EXPECT_GT(damaged, 3);
}

}  // namespace
