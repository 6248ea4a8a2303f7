// What an attacker can do who owns the network and the server, through the whole updater: the
// attacks of The Update Framework (theupdateframework.github.io/specification, 1.5.2), each with
// keys and signatures of openssl.

#if __has_include(<openssl/evp.h>)

#include "support/signed_github.hpp"

namespace {

using namespace ota_test;

struct trust : signed_updates {};

TEST_F(trust, what_enough_keys_have_signed_is_installed) {
  publish(1, {{"a.txt", {"one"}}, {"run.sh", {"#!/bin/sh\n", true}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(read_tree(storage), published());
  confirm();
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  publish(2, {{"a.txt", {"two"}}});
  EXPECT_EQ(update(), ota::update_outcome::updated) << message;
  EXPECT_EQ(text("a.txt"), "two");
}

TEST_F(trust, what_is_refused_does_not_cost_the_way_back) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}});
  install();
  release_signers = {9};
  publish(3, {{"a.txt", {"evil"}}});
  expect_refused("not signed by enough keys");
  usual one(*this, storage);
  ASSERT_TRUE(one.updater.boot());
  EXPECT_TRUE(one.updater.rollback());
  EXPECT_EQ(text("a.txt"), "one");
}

TEST_F(trust, a_secure_element_may_do_the_work) {
  publish(1, {{"a.txt", {"one"}}});
  EXPECT_EQ(update<with_secure_element>(), ota::update_outcome::updated) << message;
  confirm();
  release_signers = {9};
  publish(2, {{"a.txt", {"two"}}});
  EXPECT_EQ(update<with_secure_element>(), ota::update_outcome::failed);
}

TEST_F(trust, a_branch_has_its_manifest_in_its_tree) {
  publish(1, {{"a.txt", {"one"}}});
  settings.channel = "developer";
  github.heads["main"] = commit_of('1');
  github.commits[commit_of('1')]["manifest.ota"] = {manifest()};
  install();
  EXPECT_EQ(read_tree(storage), (tree{{"a.txt", {"one"}}}));
  github.commits[commit_of('2')] = {{"a.txt", {"two"}}};
  github.heads["main"] = commit_of('2');
  expect_refused("no signed manifest.ota");
}

TEST_F(trust, removes_what_the_manifest_deletes) {
  publish(1, {{"a.txt", {"one"}}, {"b.txt", {"one"}}});
  install();
  put("c.txt", "of somebody else");
  next.deletes = {"c.txt"};
  publish(2, {{"a.txt", {"two"}}});
  install();
  EXPECT_EQ(read_tree(storage), published());
}

// ---- the attacks ------------------------------------------------------------------------------

TEST_F(trust, arbitrary_software_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}});
  github.commits[commit_of('2')]["a.txt"].content = "evl";
  expect_refused("its hash differs");
  const std::string genuine = manifest();
  for (const std::vector<int>& signers : {std::vector<int>{9}, {3}}) {
    release_signers = signers;  // an unknown key, a key of the other role
    publish(2, {{"a.txt", {"evl"}}});
    expect_refused("not signed by enough keys");
  }
  release_signers = {};
  publish(2, {{"a.txt", {"evl"}}});
  expect_refused("lacks a line that it must have");
  manifest().clear();
  expect_refused("no signed manifest.ota");
}

TEST_F(trust, rollback_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}});
  install();
  offer_again(1);
  expect_refused("older than one seen before");
  // The maker may bring an old version back: its new document is newer.
  next.counter = 1;
  publish(3, {{"a.txt", {"one"}}});
  install();
  EXPECT_EQ(text("a.txt"), "one");
  next.counter = 5;
  publish(4, {{"a.txt", {"four"}}});
  install();
  next.counter = 4;
  publish(5, {{"a.txt", {"five"}}});
  expect_refused("its security counter is below");
}

TEST_F(trust, rollback_is_refused_although_the_newer_version_was_only_seen) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}});
  github.commits[commit_of('2')].clear();  // its files cannot be had
  expect_refused("not found");
  publish(3, {{"a.txt", {"three"}}});
  offer_again(1);
  github.releases.back().tag = "v1-again";
  expect_refused("older than one seen before");
}

TEST_F(trust, indefinite_freeze_shows) {
  test_clock::time = 10000;
  next.expires = 20000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  test_clock::time = 20000;
  expect_refused("the newest manifest has expired");
  next.expires = 20001;
  publish(2, {{"a.txt", {"two"}}});
  install();
  test_clock::time = 30000;
  next.expires = 30000;
  publish(3, {{"a.txt", {"three"}}});
  expect_refused("the newest manifest has expired");
}

TEST_F(trust, a_device_without_a_clock_knows_that_it_is_later_than_what_it_has_seen) {
  test_clock::time = 0;
  next.created = 5000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  next.created = 6000;
  next.counter = 9;
  next.expires = 6000;
  publish(2, {{"a.txt", {"two"}}});
  install();  // 6000 was not seen before
  next.created = 7000;
  publish(3, {{"a.txt", {"three"}}});
  expect_refused("the newest manifest has expired");
}

TEST_F(trust, endless_data_ends) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  settings.max_tree_size_kb = 8;
  publish(2, {{"a.txt", {"two"}}});
  std::string& manifest = this->manifest();
  const std::string genuine = manifest;
  manifest = genuine + std::string(9000, 'x');
  expect_refused("Response too large");
  settings.max_tree_size_kb = 200;
  manifest = roots[0].substr(0, roots[0].find("version 1")) + "version 2\n";
  manifest +=
      roots[0].substr(roots[0].find("epoch"), roots[0].find("key ") - roots[0].find("epoch"));
  std::map<std::string, std::string> keys;
  for (int i = 0; i < 900; ++i) {
    std::uint8_t key[32] = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    const std::string one = ota::host::key_text("ed25519", key);
    keys[ota::host::key_id_text(one)] = one;
  }
  for (const auto& [id, key] : keys) manifest += "key " + key + "\n";
  expect_refused("longer than 64 KB");
  manifest = genuine;
  github.commits[commit_of('2')]["a.txt"].content = std::string(100000, 'x');
  expect_refused("promises more bytes");
}

TEST_F(trust, extraneous_files_are_not_taken) {
  publish(1, {{"a.txt", {"one"}}});
  github.commits[commit_of('1')]["evil.py"] = {"not in the manifest"};
  install();
  EXPECT_EQ(read_tree(storage), (tree{{"a.txt", {"one"}}}));
}

TEST_F(trust, mix_and_match_is_refused) {
  publish(1, {{"a.txt", {"one"}}, {"b.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}, {"b.txt", {"two"}}});
  github.commits[commit_of('2')]["b.txt"].content = "one";
  github.commits[commit_of('2')]["a.txt"].content = "two";
  // b.txt of version 1 beside a.txt of version 2, neither of which is forged
  expect_refused("b.txt: the content is not what was promised");
  EXPECT_EQ(text("a.txt"), "one");
}

TEST_F(trust, software_for_another_device_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  next.product = "toaster";
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("another product");
  next.product = "station";
  next.hardware = {"a", "c"};
  publish(3, {{"a.txt", {"two"}}});
  expect_refused("other hardware");
  next.hardware = {"a", "b"};
  publish(4, {{"a.txt", {"two"}}});
  install();
  next.minimum = "v5";
  publish(6, {{"a.txt", {"six"}}});
  expect_refused("needs a newer one installed");
  next.minimum = "v4";
  publish(7, {{"a.txt", {"seven"}}});
  install();
}

TEST_F(trust, slow_retrieval_ends) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {std::string(40000, 'x')}}});
  github.piece = 1;
  test_clock::ms_a_tick = 900;  // a byte just before every time limit of a second
  expect_refused("min_bytes_per_sec");
  EXPECT_LT(test_clock::ticks, 300000u);
  github.piece = 700;
  install();
}

TEST_F(trust, fast_forward_is_recovered_from) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  // Whoever has the release keys for a day makes the counter as large as it gets.
  next.counter = 0xffffffff;
  next.created = ~std::uint64_t{0} - 1;
  next.version = "evil";
  publish(2, {{"a.txt", {"two"}}});
  install();
  next.counter = 2;
  next.created = 0;
  publish(3, {{"a.txt", {"three"}}});
  expect_refused("its security counter is below");
  // New keys, and a new epoch, in which counters begin anew.
  ++root.epoch;
  rotate({6, 7}, {3, 4});
  next.counter = 2;
  next.created = 3000;
  publish(4, {{"a.txt", {"four"}}});
  install();
  EXPECT_EQ(text("a.txt"), "four");
  offer_again(2);
  expect_refused("not signed by enough keys");
}

TEST_F(trust, fast_forward_without_new_keys_is_recovered_from_by_the_epoch) {
  next.counter = 0xffffffff;
  publish(1, {{"a.txt", {"one"}}});
  install();
  ++root.epoch;
  rotate({5, 8}, {3, 4});
  next.counter = 1;
  publish(2, {{"a.txt", {"two"}}});
  install();
  offer_again(1);
  expect_refused("of another epoch");
  offer_again(1, roots);
  expect_refused("not those that the release was made for");
}

TEST_F(trust, a_key_below_the_threshold_is_not_enough) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  root.release.threshold = 2;
  rotate({5, 8}, {3, 4});
  release_signers = {5};
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("not signed by enough keys");
  // The same key twice is one key.
  std::string& manifest = this->manifest();
  const std::string line = manifest.substr(manifest.rfind("signature "));
  manifest += line;
  expect_refused("a signature line is not as it must be");
  release_signers = {5, 8};
  publish(3, {{"a.txt", {"three"}}});
  install();
  // One of the two root keys that are needed must not be able to make a new root document.
  for (const std::vector<int>& thieves : {std::vector<int>{3}, {9}, {3, 9}}) {
    const auto before = std::make_pair(root, roots);
    root.release.threshold = 1;
    rotate({9}, thieves);
    release_signers = {9};
    publish(4, {{"a.txt", {"evil"}}});
    expect_refused("a new root document is not signed by enough keys");
    std::tie(root, roots) = before;
  }
}

TEST_F(trust, a_new_root_document_needs_its_own_keys_too) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  root.root.keys = {key(1), key(2)};
  rotate({5}, {3, 4});
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("a new root document is not signed by enough keys");
  roots.pop_back();
  --root.version;
  rotate({5}, {1, 2, 3, 4});
  publish(2, {{"a.txt", {"two"}}});
  install();
  rotate({6}, {1, 2});
  publish(3, {{"a.txt", {"three"}}});
  install();
}

TEST_F(trust, replay_of_an_old_root_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  rotate({6}, {3, 4});  // key 5 was stolen, and is revoked
  publish(2, {{"a.txt", {"two"}}});
  install();
  release_signers = {5};
  next.created = 9000;
  const auto all = roots;
  roots.pop_back();
  publish(3, {{"a.txt", {"evil"}}});
  expect_refused("not signed by enough keys");
  roots.clear();
  publish(3, {{"a.txt", {"evil"}}});
  expect_refused("not signed by enough keys");
  // Nor does a device forget it whose root document was damaged.
  std::string file = text(".ota/trust");
  file[file.size() - 5] ^= 1;
  put(".ota/trust", file);
  roots = {all[0]};
  publish(3, {{"a.txt", {"evil"}}});
  expect_refused("root document is older");
  roots = all;
  release_signers = {6};
  publish(4, {{"a.txt", {"four"}}});
  install();
}

TEST_F(trust, a_chain_with_a_gap_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  rotate({6}, {3, 4});
  rotate({7}, {3, 4});
  const auto all = roots;
  roots.erase(roots.begin() + 1);
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("lacks a root document between");
  roots = all;
  publish(3, {{"a.txt", {"three"}}});
  install();
}

TEST_F(trust, an_expired_root_document_is_refused_and_a_new_one_taken) {
  test_clock::time = 1000;
  root.expires = 2000;
  rotate({5}, {3, 4});
  publish(1, {{"a.txt", {"one"}}});
  install();
  test_clock::time = 2000;
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("the root document has expired");
  root.expires = 3000;
  rotate({5}, {3, 4});
  publish(3, {{"a.txt", {"three"}}});
  install();
}

TEST_F(trust, a_version_that_was_put_back_stays_so_under_another_name) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"bad"}}});
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  start_twice();
  EXPECT_EQ(text("a.txt"), "one");
  EXPECT_EQ(update(), ota::update_outcome::rejected) << message;
  github.releases.back().tag = "v2-again";
  expect_refused("was put back before");
  publish(3, {{"a.txt", {"good"}}});
  install();
}

TEST_F(trust, the_same_version_under_another_name_is_no_update) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  github.releases.back().tag = "v1-again";
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
}

TEST_F(trust, a_hardware_counter_outlives_storage) {
  next.counter = 7;
  publish(1, {{"a.txt", {"one"}}});
  ASSERT_EQ(update<fused>(), ota::update_outcome::updated) << message;
  EXPECT_EQ(fused_clock::fuses, 0u);
  confirm<fused>();
  EXPECT_EQ(fused_clock::fuses, 7u);
  storage = {};
  next.counter = 6;
  publish(2, {{"a.txt", {"two"}}});
  EXPECT_EQ(update<fused>(), ota::update_outcome::failed);
  EXPECT_NE(message.find("its security counter is below"), std::string::npos) << message;
}

TEST_F(trust, a_device_without_a_root_document_takes_nothing) {
  publish(1, {{"a.txt", {"one"}}});
  settings.trusted_root = "";
  expect_refused("`trusted_root` must hold a root document");
  for (const char* wrong : {"key", "ota-root 1\nversion 1\n", "ota-root 2\nversion 1\n"}) {
    settings.trusted_root = wrong;
    expect_refused("`trusted_root` is not a root document");
  }
}

TEST_F(trust, a_device_that_is_given_a_newer_root_document_takes_it) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  rotate({6}, {3, 4});
  const std::string newest = roots.back();
  settings.trusted_root = newest;
  publish(2, {{"a.txt", {"two"}}});
  roots.clear();
  install();
  settings.trusted_root = anchor;  // an older program is started again
  publish(3, {{"a.txt", {"three"}}});
  install();
}

// ---- what outlives an attack ------------------------------------------------------------------

// Stages version `number` but for its last file, which cannot be had for now.
struct half_staged : trust {
  void stage(int number) {
    publish(number, {{"a.txt", {"two"}}, {"b.txt", {"two"}}});
    github.fail_opens = 0;
    hidden = published();
    published().erase("b.txt");
    usual one(*this, storage);
    ASSERT_TRUE(one.updater.recover());
    while (one.updater.step() && one.updater.progress().files == 0) {
    }
    ASSERT_EQ(storage.stat(".ota/target")->kind, ota::file_kind::file);
    published() = hidden;
  }

  tree hidden;
};

TEST_F(half_staged, version_is_gone_on_with) {
  stage(1);
  install();
  EXPECT_EQ(read_tree(storage), published());
}

TEST_F(half_staged, version_is_judged_anew_by_a_device_that_is_told_to_trust_others) {
  stage(1);
  const files before = storage;
  rotate({6}, {3, 4});  // a new program: key 5 was stolen
  const std::string newest = roots.back();
  settings.trusted_root = newest;
  expect_refused("not signed by enough keys");
  storage = before;
  settings.trusted_root = anchor;
  settings.product = "toaster";
  expect_refused("another product");
  storage = before;
  settings.product = "station";
  settings.hardware = "c";
  next.hardware = {"b"};
  install();  // names no hardware
}

TEST_F(half_staged, version_is_not_gone_on_with_once_it_has_expired) {
  test_clock::time = 10000;
  next.expires = 20000;
  stage(1);
  test_clock::time = 20000;
  expect_refused("the newest manifest has expired");
}

TEST_F(half_staged, version_is_not_gone_on_with_after_a_newer_one_was_seen) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  stage(2);
  publish(3, {{".hidden", {"is refused, but only after its manifest was trusted"}}});
  expect_refused("may not name hidden files");
  offer_again(2);
  expect_refused("older than one seen before");
}
TEST_F(half_staged, version_is_not_gone_on_with_by_a_device_that_has_forgotten_whom_it_trusts) {
  stage(1);
  ASSERT_TRUE(storage.remove(".ota/trust"));
  install();
  EXPECT_EQ(storage.stat(".ota/trust")->kind, ota::file_kind::file);
}

// The manifest of one version shown under the name of a newer, as long as the attacker is there.
struct renamed : trust {
  void SetUp() override {
    publish(1, {{"a.txt", {"one"}}});
    install();
    publish(2, {{"a.txt", {"two"}}});
    older = manifest();
    older_files = published();
    publish(3, {{"a.txt", {"three"}}});
  }

  void attack() {
    github.forged["/assets/v3/manifest.ota"] = older;
    for (const auto& [path, file] : older_files) github.forged["/o/r/v3/" + path] = file.content;
  }

  std::string older;
  tree older_files;
};

TEST_F(renamed, version_does_not_keep_the_newer_one_away) {
  attack();
  install();
  EXPECT_EQ(text("a.txt"), "two");
  github.forged.clear();
  install();
  EXPECT_EQ(text("a.txt"), "three");
}

TEST_F(renamed, version_does_not_keep_the_newer_one_away_when_it_is_put_back) {
  attack();
  ASSERT_EQ(update(), ota::update_outcome::updated) << message;
  start_twice();
  EXPECT_EQ(text("a.txt"), "one");
  EXPECT_EQ(update(), ota::update_outcome::failed) << message;
  EXPECT_NE(message.find("was put back before"), std::string::npos) << message;
  github.forged.clear();
  install();
  EXPECT_EQ(text("a.txt"), "three");
}

TEST_F(renamed, version_that_is_half_staged_is_not_gone_on_with_for_ever) {
  github.forged["/assets/v3/manifest.ota"] = older;
  expect_refused("a.txt: the server promises more bytes than the file has");
  github.forged.clear();
  install();
  EXPECT_EQ(text("a.txt"), "three");
}

TEST_F(renamed, version_with_other_files_is_not_gone_on_with_for_ever) {
  publish(4, {{"b.txt", {"four"}}});
  older = manifest();
  publish(5, {{"a.txt", {"five"}}});
  github.forged["/assets/v5/manifest.ota"] = older;
  expect_refused("not found");
  github.forged.clear();
  install();
  EXPECT_EQ(text("a.txt"), "five");
}

TEST_F(trust, what_an_attacker_said_of_the_newest_version_ends_when_the_manifest_does) {
  test_clock::time = 10000;
  next.expires = 20000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  const fake_github::state honest_before = github;
  next.expires = 40000;
  publish(2, {{"a.txt", {"two"}}});
  const std::string newest = "\"" + git_id(R"(of the newest)") + "\"";
  // The old version under the ETag of the new one.
  const auto honest = github;
  github = honest_before;
  const std::string latest = "/repos/o/r/releases/latest";
  github.etags[latest] = newest;
  settings.force = false;
  ASSERT_TRUE(storage.remove(".ota/known"));
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  github = honest;
  github.etags[latest] = newest;
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  test_clock::time = 20000;
  install();
  EXPECT_EQ(text("a.txt"), "two");
}

TEST_F(trust, a_manifest_renewed_under_the_same_name_is_found_when_the_old_one_has_expired) {
  test_clock::time = 10000;
  next.expires = 20000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  next.expires = 40000;
  next.version = "v1";
  publish(2, {{"a.txt", {"one"}}});
  github.forged["/assets/v1/manifest.ota"] = manifest();
  github.releases.pop_back();
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  test_clock::time = 20000;
  install();
}

TEST_F(trust, indefinite_freeze_shows_also_where_no_update_may_be_made_now) {
  test_clock::time = 10000;
  next.expires = 20000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  settings.scheduling.present = true;
  settings.scheduling.min_update_interval_sec = 0;
  settings.scheduling.rollout_percent = 0;
  test_clock::time = 20000;
  expect_refused("the newest manifest has expired");
  next.expires = 40000;
  publish(2, {{"a.txt", {"two"}}});
  EXPECT_EQ(update(), ota::update_outcome::waiting) << message;
}

TEST_F(trust, an_answer_that_nothing_has_changed_to_who_did_not_ask_ends_the_check) {
  publish(1, {{"a.txt", {"one"}}});
  github.always_unchanged = true;
  usual one(*this, storage);
  ASSERT_TRUE(one.updater.recover());
  int steps = 0;
  while (one.updater.step() && ++steps < 1000) {
  }
  EXPECT_LT(steps, 1000);
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::failed);
}

TEST_F(trust, of_two_manifests_of_one_second_the_first_is_kept) {
  next.created = 5000;
  publish(1, {{"a.txt", {"one"}}});
  install();
  publish(2, {{"a.txt", {"two"}}});
  expect_refused("older than one seen before");  // neither is newer: they could take turns for ever
  EXPECT_EQ(text("a.txt"), "one");
}

TEST_F(trust, the_same_version_under_another_name_does_not_undo_what_the_device_has_changed) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  put("a.txt", "of the device");
  github.releases.back().tag = "v1-again";
  EXPECT_EQ(update(), ota::update_outcome::up_to_date) << message;
  EXPECT_EQ(text("a.txt"), "of the device");
}

TEST_F(trust, a_manifest_that_was_not_taken_does_not_fill_the_storage) {
  publish(1, {{"a.txt", {"one"}}});
  manifest() = std::string(60000, 'x');
  expect_refused("too long for this device");
  EXPECT_EQ(storage.stat(".ota/manifest")->kind, ota::file_kind::none);
  settings.max_tree_size_kb = 50;
  expect_refused("Response too large");
  settings.max_tree_size_kb = 0;
  usual one(*this, storage);
  ASSERT_TRUE(one.updater.recover());
  while (storage.stat(".ota/manifest")->size < 30000 && one.updater.step()) {
  }
  ASSERT_GE(storage.stat(".ota/manifest")->size, 30000u);
  github.drop_after = 100;  // whoever sends it may also just go
  while (one.updater.step()) {
  }
  EXPECT_EQ(one.updater.outcome(), ota::update_outcome::failed);
  EXPECT_EQ(storage.stat(".ota/manifest")->kind, ota::file_kind::none);
}

// A file of one line without an end, which counts how much of it is read.
struct one_line {
  std::size_t bytes = 0;

  ota::result<std::size_t> read(std::string_view, std::size_t, ota::mutable_bytes out) {
    bytes += out.size();
    std::fill(out.begin(), out.end(), std::uint8_t{'x'});
    return bytes < 1000000 ? out.size() : std::size_t{0};
  }
};

TEST(document_lines, a_line_without_end_does_not_hold_a_step) {
  one_line file;
  ota::fixed_string<400> line;
  ota::release_document document(line);
  document.begin("f", 0, {});
  ota::entry item;
  EXPECT_EQ(document.next(file, item).error().code, ota::errc::too_long);
  EXPECT_LT(file.bytes, 1000u);
}

// ---- every byte counts ------------------------------------------------------------------------

TEST_F(trust, a_bit_flip_in_any_byte_is_refused) {
  publish(1, {{"a.txt", {"one"}}});
  install();
  rotate({6}, {3, 4});
  const std::string image(300, 'i');
  publish(2, {{"a.txt", {image}}});
  std::string& manifest = this->manifest();
  const std::string genuine = manifest;
  const files before = storage;
  for (std::size_t at = 0; at < genuine.size(); ++at) {
    manifest = genuine;
    manifest[at] = static_cast<char>(manifest[at] ^ (1 << at % 8));
    storage = before;
    EXPECT_EQ(update(), ota::update_outcome::failed) << "byte " << at << " of the manifest";
    EXPECT_EQ(text("a.txt"), "one");
  }
  manifest = genuine;
  for (std::size_t at = 0; at < image.size(); ++at) {
    std::string& content = github.commits[commit_of('2')]["a.txt"].content;
    content = image;
    content[at] = static_cast<char>(content[at] ^ (1 << at % 8));
    storage = before;
    EXPECT_EQ(update(), ota::update_outcome::failed) << "byte " << at << " of the file";
    EXPECT_EQ(text("a.txt"), "one");
    content = image;
  }
  storage = before;
  install();
}

}  // namespace

#endif
