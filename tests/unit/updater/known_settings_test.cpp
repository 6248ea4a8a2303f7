#include "ota/format/settings.hpp"

#include <vector>

#include "updates.hpp"

namespace {

using namespace ota_test;

struct follows_branch {
  static constexpr ota::config settings = small_config();
};

struct follows_releases {
  static constexpr ota::config settings = [] {
    ota::config known = follows_branch::settings;
    known.channel = "stable";
    known.web = "http://web";
    return known;
  }();
};

struct has_token {
  static constexpr ota::config settings = [] {
    ota::config known = follows_releases::settings;
    known.token = "secret";
    return known;
  }();
};

struct follows_tag {
  static constexpr ota::config settings = [] {
    ota::config known = follows_branch::settings;
    known.tag = "v1";
    return known;
  }();
};

struct takes_a_part {
  static constexpr std::string_view allow[] = {"lib", "a.txt", "cache"}, ignore[] = {"lib/old"},
                                    gone[] = {"cache"};
  static constexpr ota::config settings = [] {
    ota::config known = follows_branch::settings;
    known.allow = allow;
    known.ignore = ignore;
    known.delete_patterns = gone;
    return known;
  }();
};

struct takes_what_it_is_told {
  static constexpr ota::config settings = [] {
    ota::config known = small_config();
    known.force = true;
    known.allow_links = true;
    known.max_tree_files = 4;
    known.max_tree_size_kb = 1;
    known.user_agent = "station/1";
    known.trial_boots = 3;
    return known;
  }();
};

// What a device does with its settings, whether it knows them or is told.
struct story {
  std::vector<std::string> requests, messages;
  tree content;
  std::string record;
};

template <class Device>
void update(Device& device, story& told) {
  ASSERT_TRUE(device.boot());
  (void)device.run();
  (void)device.confirm();
  told.messages.emplace_back(device.message());
}

template <class Make>
story story_of(Make&& make) {
  story told;
  fake_github::state github;
  files storage;
  const auto publish = [&](const std::string& tag, char digit, const tree& content) {
    github.commits[commit_of(digit)] = content;
    github.heads["main"] = commit_of(digit);
    github.releases.push_back({tag, commit_of(digit), ""});
  };
  EXPECT_TRUE(storage.write("cache/x", 0, ota::as_bytes("kept, or not")));
  publish("v1", '1', first);
  make(storage, github, [&](auto& device) { update(device, told); });
  make(storage, github, [&](auto& device) { update(device, told); });
  tree second = first;
  second["lib/b.txt"].content = "changed";
  second["lib/old/c.txt"].content = "new";
  second.erase("a.txt");
  publish("v2", '2', second);
  make(storage, github, [&](auto& device) { update(device, told); });
  told.requests = github.requests;
  told.content = read_tree(storage);
  told.record.resize(1000);
  const auto size =
      storage.read(".ota/known", 0, {reinterpret_cast<std::uint8_t*>(told.record.data()), 1000});
  told.record.resize(size ? *size : 0);
  return told;
}

struct told_device : ota::default_policies {
  using storage = borrowed_storage<files>;
  using http = fake_github;
};
template <class Settings>
struct knowing_device : told_device {
  static constexpr ota::config settings = Settings::settings;
};

template <class Settings>
struct known_settings : ::testing::Test {};
using every_kind = ::testing::Types<follows_branch, follows_releases, has_token, follows_tag,
                                    takes_a_part, takes_what_it_is_told>;
TYPED_TEST_SUITE(known_settings, every_kind, );

TYPED_TEST(known_settings, make_a_device_do_what_it_does_with_told_ones) {
  const story told = story_of([](files& storage, fake_github::state& github, auto&& use) {
    ota::updater<told_device> device(TypeParam::settings, borrowed_storage<files>(storage),
                                     fake_github(github));
    use(device);
  });
  const story known = story_of([](files& storage, fake_github::state& github, auto&& use) {
    ota::updater<knowing_device<TypeParam>> device({}, borrowed_storage<files>(storage),
                                                   fake_github(github));
    use(device);
  });
  EXPECT_EQ(known.requests, told.requests);
  EXPECT_EQ(known.messages, told.messages);
  EXPECT_EQ(known.content, told.content);
  EXPECT_EQ(known.record, told.record);
  EXPECT_GT(told.requests.size(), 3u);
  EXPECT_EQ(told.content.count("cache/x"), TypeParam::settings.delete_patterns.empty() ? 1u : 0u);
}

// What one has staged the other goes on with: their sums are the same.
TYPED_TEST(known_settings, go_on_with_what_told_ones_began) {
  fake_github::state github;
  files storage;
  github.commits[commit_of('1')] = first;
  github.heads["main"] = commit_of('1');
  github.releases.push_back({"v1", commit_of('1'), ""});
  github.drop_after = 1;  // the first body that is long enough breaks off
  {
    ota::updater<told_device> device(TypeParam::settings, borrowed_storage<files>(storage),
                                     fake_github(github));
    ASSERT_TRUE(device.boot());
    while (device.step() && storage.stat(".ota/target")->kind == ota::file_kind::none) {
    }
  }
  ASSERT_EQ(storage.stat(".ota/target")->kind, ota::file_kind::file);
  github.requests.clear();
  ota::updater<knowing_device<TypeParam>> device({}, borrowed_storage<files>(storage),
                                                 fake_github(github));
  ASSERT_TRUE(device.boot());
  ASSERT_TRUE(device.run()) << device.message();
  EXPECT_EQ(device.outcome(), ota::update_outcome::updated);
  for (const std::string& request : github.requests)
    EXPECT_EQ(request.find("/git/trees/"), request.npos) << request;
}

// A source of one's own is told them.
struct other_source : ota::github {
  explicit other_source(const ota::config& settings) : ota::github(settings) {}
};
struct device_with_other_source : knowing_device<follows_branch> {
  using source = other_source;
};
TEST(known_settings_of_a_device, are_told_to_a_source_of_its_own) {
  fake_github::state github;
  files storage;
  github.commits[commit_of('1')] = first;
  github.heads["main"] = commit_of('1');
  ota::updater<device_with_other_source> device({}, borrowed_storage<files>(storage),
                                                fake_github(github));
  ASSERT_TRUE(device.boot());
  ASSERT_TRUE(device.run()) << device.message();
  EXPECT_EQ(read_tree(storage), first);
}

// Settings by mistake given to a device that knows its own would be passed over.
static_assert(!std::is_constructible_v<ota::updater<knowing_device<follows_branch>>, ota::config>);
static_assert(std::is_constructible_v<ota::updater<told_device>, const ota::config&>);

}  // namespace
