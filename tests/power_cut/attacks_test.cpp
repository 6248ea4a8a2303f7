// Each attack on signed updates, and each honest change of what a device trusts, with the power cut
// at every storage operation of it: no cut makes a device take what it refuses, nor forget what it
// has seen.

#if __has_include(<openssl/evp.h>)

#include <cstdlib>
#include <fstream>
#include <functional>

#include "ota/testing/prove_power_safe.hpp"
#include "support/signed_github.hpp"

namespace {

using namespace ota_test;
using files = ota::memory_files<32768>;
using cut_files = ota::testing::power_cut_storage<files>;

const tree one = {{"a.txt", {"one"}}, {"b.txt", {"one"}}};
const tree two = {{"a.txt", {"two"}}, {"b.txt", {"two"}}};
const tree three = {{"a.txt", {"three"}}, {"c.txt", {"three"}}};

template <class Storage>
std::string run(signed_device<Storage>& device) {
  const auto outcome = device.updater.run();
  return outcome ? std::string() : std::string(device.updater.message());
}

struct attack {
  const char* name;
  const char* refusal;
  std::function<void(signed_maker&)> set_up;
};

void PrintTo(const attack& what, std::ostream* out) { *out << what.name; }

/// A device that runs v2 after v1, and trusts a second root document, when an attack begins.
struct under_attack : ::testing::TestWithParam<attack>, signed_maker {
  files start;

  void SetUp() override {
    publish(1, one);
    install();
    rotate({6}, {3, 4});
    publish(2, two);
    install();
    ASSERT_TRUE(ota::detail::load_record(start, ota::layout::trust, seen).value());
    ASSERT_EQ(seen.root_version, 2u);
  }

  void install() {
    signed_device<files> device(*this, start);
    ASSERT_TRUE(device.updater.recover());
    ASSERT_EQ(run(device), "");
    ASSERT_TRUE(device.updater.confirm());
  }

  ota::trust_record seen;

  // Recovery, and a look whether anything was forgotten.
  ota::result<void> recover(cut_files& storage) {
    signed_device<cut_files> device(*this, storage);
    if (auto done = device.updater.recover(); !done) return done;
    static constexpr ota::error forgotten{ota::errc::untrusted, "test",
                                          "the device has forgotten what it had seen"};
    ota::trust_record now;
    if (!ota::detail::load_record(storage, ota::layout::trust, now).value_or(false) ||
        now.root_version < seen.root_version ||
        std::tie(now.epoch, now.counter, now.created) <
            std::tie(seen.epoch, seen.counter, seen.created))
      return forgotten;
    return {};
  }

  static void keep_figures(const std::string& name, const ota::testing::power_cut_report& report) {
    if (const char* folder = std::getenv("OTA_FIGURES"))
      std::ofstream(std::string(folder) + "/trust_" + name + ".json") << report.to_json() << '\n';
  }
};

TEST_P(under_attack, is_safe_at_every_cut) {
  GetParam().set_up(*this);
  std::string said;
  const auto attacked = [&](cut_files& storage) -> ota::result<void> {
    static constexpr ota::error taken{ota::errc::untrusted, "test", "the attack is not refused"};
    signed_device<cut_files> device(*this, storage);
    if (auto done = device.updater.recover(); !done) return done;
    said = run(device);
    const std::string refusal = GetParam().refusal;
    const bool is_refused = refusal.empty() ? said.empty() : said.find(refusal) != said.npos;
    if (!is_refused || storage.stat("evil.txt")->kind != ota::file_kind::none) return taken;
    return {};
  };
  ota::testing::power_cut_options options;
  options.finishes = true;
  const auto report = ota::testing::prove_power_safe(
      start, attacked, [this](cut_files& storage) { return recover(storage); }, options);
  keep_figures(GetParam().name, report);
  EXPECT_EQ(report.broken, 0u) << report.first_broken << "; said: " << said;
  EXPECT_GT(report.cuts, 20u);
}

const attack attacks[] = {
    {"arbitrary_software", "its hash differs",
     [](signed_maker& maker) {
       maker.publish(3, three);
       maker.published()["a.txt"].content = "forge";
     }},
    {"unsigned_manifest", "not signed by enough keys",
     [](signed_maker& maker) {
       maker.release_signers = {9};
       maker.publish(3, three);
     }},
    {"rollback", "not signed by enough keys", [](signed_maker& maker) { maker.offer_again(1); }},
    {"rollback_with_the_same_keys", "older than one seen before",
     [](signed_maker& maker) {
       maker.next.created = 500;
       maker.publish(3, one);
     }},
    {"indefinite_freeze", "has expired",
     [](signed_maker& maker) {
       maker.next.expires = 1002;
       maker.publish(3, three);
     }},
    {"endless_data", "Response too large",
     [](signed_maker& maker) {
       maker.settings.max_tree_size_kb = 4;
       maker.publish(3, three);
       maker.manifest() += std::string(5000, 'x');
     }},
    {"extraneous_files", "",  // nothing to refuse: they must not come along
     [](signed_maker& maker) {
       maker.publish(3, three);
       maker.published()["evil.txt"] = {"evil"};
     }},
    {"mix_and_match", "a.txt: the content is not what was promised",
     [](signed_maker& maker) {
       maker.publish(3, {{"a.txt", {"333"}}, {"b.txt", {"333"}}});
       maker.published()["a.txt"].content = "two";
     }},
    {"wrong_hardware", "for other hardware",
     [](signed_maker& maker) {
       maker.next.hardware = {"z"};
       maker.publish(3, three);
     }},
    {"slow_retrieval", "min_bytes_per_sec",
     [](signed_maker& maker) {
       maker.publish(3, three);
       maker.github.piece = 1;
       test_clock::ms_a_tick = 900;
     }},
    {"fast_forward_under_old_keys", "not signed by enough keys",
     [](signed_maker& maker) {
       maker.release_signers = {5};  // revoked
       maker.next.counter = 0xffffffff;
       maker.publish(3, three);
     }},
    {"compromise_below_the_threshold", "not signed by enough keys of the old one",
     [](signed_maker& maker) {
       maker.rotate({9}, {3});
       maker.publish(3, three);
     }},
    {"replay_of_an_old_root", "not signed by enough keys",
     [](signed_maker& maker) {
       maker.roots.resize(1);
       maker.release_signers = {5};
       maker.publish(3, three);
     }},
};

INSTANTIATE_TEST_SUITE_P(attacks, under_attack, ::testing::ValuesIn(attacks),
                         [](const auto& test) { return std::string(test.param.name); });

struct honest : under_attack {
  void prove(const char* name) {
    const auto update = [this](cut_files& storage) -> ota::result<void> {
      static constexpr ota::error failed{ota::errc::wrong_state, "test", "the update fails"};
      signed_device<cut_files> device(*this, storage);
      if (auto done = device.updater.recover(); !done) return done;
      if (!run(device).empty()) return failed;
      return {};
    };
    ota::testing::power_cut_options options;
    options.finishes = true;
    const auto report = ota::testing::prove_power_safe(
        start, update, [this](cut_files& storage) { return recover(storage); }, options);
    keep_figures(name, report);
    EXPECT_EQ(report.broken, 0u) << report.first_broken;
    EXPECT_GT(report.cuts, 1000u);
  }
};

TEST_F(honest, rotation_of_keys_is_whole_at_every_cut) {
  rotate({7}, {3, 4});
  root.root = {1, {key(8)}};
  rotate({7}, {3, 4, 8});
  publish(3, three);
  prove("rotation");
}

TEST_F(honest, recovery_from_a_fast_forward_is_whole_at_every_cut) {
  next.counter = 0xffffffff;
  publish(3, one);
  install();
  next.counter = 0;
  ++root.epoch;
  rotate({7}, {3, 4});
  publish(4, three);
  prove("new_epoch");
}

}  // namespace

#endif
