#pragma once

#include <gtest/gtest.h>

#include <tuple>

#include "fake_device.hpp"
#include "openssl_key.hpp"
#include "ota/manifest/signed_by.hpp"
#include "ota/sign/ed25519.hpp"

namespace ota_test {

/// A device's clock, as tests want it.
struct test_clock : ota::no_hardware {
  static inline std::uint64_t time = 0;  // epoch seconds
  static inline std::uint64_t ticks = 0;
  static inline std::uint64_t ms_a_tick = 0;  // that pass each time the clock is read

  std::uint64_t now() { return time; }
  std::uint64_t ticks_ms() { return ticks += ms_a_tick; }
};

/// One with fuses that count.
struct fused_clock : test_clock {
  static inline std::uint32_t fuses = 0;

  std::uint32_t security_counter() { return fuses; }
  void raise_security_counter(std::uint32_t least) { fuses = least; }
};

/// A maker who publishes signed versions on a GitHub in memory. Keys are known by numbers: 3 and 4
/// are the root's, 5 signs releases.
struct signed_maker {
  signed_maker() {
    test_clock::time = test_clock::ticks = test_clock::ms_a_tick = fused_clock::fuses = 0;
    settings.channel = "stable";
    settings.product = "station";
    settings.hardware = "b";
    settings.http_retries = 1;
    root.root = {2, {key(3), key(4)}};
    root.release = {1, {key(5)}};
    roots = {ota::host::signed_document(ota::host::root_body(root), signers({3, 4}))};
    anchor = roots[0];
    settings.trusted_root = anchor;
    next.product = "station";
  }
  signed_maker(const signed_maker&) = delete;
  signed_maker& operator=(const signed_maker&) = delete;

  static std::string key(int number) {
    return openssl_key(static_cast<std::uint8_t>(number)).text();
  }
  static std::vector<ota::host::signer> signers(const std::vector<int>& numbers) {
    std::vector<ota::host::signer> all;
    for (int number : numbers)
      all.push_back(openssl_key(static_cast<std::uint8_t>(number)).signer());
    return all;
  }

  /// A new root document, with these keys for releases.
  void rotate(const std::vector<int>& release_keys, const std::vector<int>& by) {
    ++root.version;
    root.release.keys.clear();
    for (int number : release_keys) root.release.keys.push_back(key(number));
    roots.push_back(ota::host::signed_document(ota::host::root_body(root), signers(by)));
    release_signers = release_keys;
  }

  /// Publishes version v`number`, with what `next` says of it. `images` lie in its tree, too.
  void publish(int number, const tree& content, const tree& images = {}) {
    ota::host::release_contents contents = next;
    if (contents.version.empty()) contents.version = "v" + std::to_string(number);
    if (contents.created == 0) contents.created = static_cast<std::uint64_t>(1000 + number);
    contents.epoch = root.epoch;
    for (const std::string& one : roots) contents.chain += one;
    for (const auto& [path, file] : content)
      contents.files.push_back(
          {path, file.content.size(), ota::host::sha256_of(file.content), file.executable});
    for (const auto& [name, image] : images)
      contents.images.push_back(
          {name, image.content.size(), ota::host::sha256_of(image.content), false});
    const std::string document =
        ota::host::signed_document(ota::host::release_body(contents), signers(release_signers));
    const char digit = static_cast<char>('0' + number);
    github.commits[commit_of(digit)] = content;
    github.commits[commit_of(digit)].insert(images.begin(), images.end());
    documents[number] = document;
    github.releases.push_back({"v" + std::to_string(number), commit_of(digit),
                               contents.chain + document, "manifest.ota"});
    next.version.clear();
  }

  /// Shows an old release as the newest, with the documents it had, or with these root documents.
  void offer_again(int number) {
    for (const auto& one : std::vector<fake_github::release>(github.releases))
      if (one.tag == "v" + std::to_string(number)) github.releases.push_back(one);
  }
  void offer_again(int number, const std::vector<std::string>& chain) {
    offer_again(number);
    std::string manifest;
    for (const std::string& one : chain) manifest += one;
    github.releases.back().manifest = manifest + documents[number];
  }

  std::string& manifest() { return github.releases.back().manifest; }
  tree& published() { return github.commits[github.releases.back().commit]; }

  fake_github::state github;
  ota::config settings = small_config();
  ota::host::root_contents root;
  ota::host::release_contents next;
  std::vector<std::string> roots;        // the documents, in a row
  std::map<int, std::string> documents;  // of releases, without roots
  std::vector<int> release_signers{5};
  std::string anchor;
};

/// A device that trusts signatures alone.
template <class Storage, class Hardware = test_clock, class Signature = ota::ed25519>
struct signed_device {
  struct policies : ota::default_policies {
    using storage = borrowed_storage<Storage>;
    using http = fake_github;
    using hardware = Hardware;
    using trust = ota::signed_by<Signature>;
  };

  signed_device(signed_maker& maker, Storage& storage)
      : updater(maker.settings, borrowed_storage<Storage>(storage), fake_github(maker.github)) {}

  ota::updater<policies> updater;
};

/// Such a device, and what its maker and an attacker do.
struct signed_updates : ::testing::Test, signed_maker {
  using files = ota::memory_files<262144>;
  using usual = signed_device<files>;
  using with_secure_element = signed_device<files, test_clock, openssl_ed25519>;
  using fused = signed_device<files, fused_clock>;

  template <class Device = usual>
  ota::update_outcome update() {
    Device one(*this, storage);
    EXPECT_TRUE(one.updater.recover());
    (void)one.updater.run();
    message = one.updater.message();
    return one.updater.outcome();
  }

  template <class Device = usual>
  void confirm() {
    Device one(*this, storage);
    ASSERT_TRUE(one.updater.confirm());
  }

  void install() {
    ASSERT_EQ(update(), ota::update_outcome::updated) << message;
    confirm();
  }

  void start_twice() {
    for (int i = 0; i < 2; ++i) {
      usual one(*this, storage);
      ASSERT_TRUE(one.updater.boot());
    }
  }

  /// An update fails with a sentence that holds `words`, and leaves the files as they were.
  void expect_refused(const std::string& words) {
    const tree before = read_tree(storage);
    EXPECT_EQ(update(), ota::update_outcome::failed) << message;
    EXPECT_NE(message.find(words), std::string::npos) << "not \"" << words << "\": " << message;
    EXPECT_EQ(read_tree(storage), before);
  }

  void put(const std::string& path, const std::string& content) {
    ASSERT_TRUE(storage.write(path, 0, ota::as_bytes(content)));
  }
  std::string text(const std::string& path) {
    std::string content(static_cast<std::size_t>(storage.stat(path)->size), '\0');
    (void)storage.read(path, 0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
    return content;
  }

  files storage;
  std::string message;
};

}  // namespace ota_test
