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
using every_kind =
    ::testing::Types<follows_branch, follows_releases, has_token, follows_tag, takes_a_part>;
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

// Settings by mistake given to a device that knows its own would be passed over.
static_assert(!std::is_constructible_v<ota::updater<knowing_device<follows_branch>>, ota::config>);
static_assert(std::is_constructible_v<ota::updater<told_device>, const ota::config&>);

}  // namespace
