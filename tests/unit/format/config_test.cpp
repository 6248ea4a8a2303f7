#include <gtest/gtest.h>

#include <algorithm>

#include <ota/format/config_document.hpp>

#include "support.hpp"

namespace {

using ota::errc;

template <class Document>
ota::result<void> read(Document& document, std::string_view text,
                       std::vector<std::string>* unknown = nullptr) {
  return document.read_json(ota::as_bytes(text), [unknown](std::string_view key) {
    if (unknown != nullptr) unknown->emplace_back(key);
  });
}

ota::error error_of(std::string_view text) {
  ota::config_document<> document;
  return read(document, text).error();
}

std::vector<std::string> strings(ota::list_view<std::string_view> list) {
  return {list.begin(), list.end()};
}

void expect_defaults(const ota::config& c) {
  for (std::string_view empty :
       {c.owner, c.repo, c.tag, c.token, c.token_file, c.token_env, c.web, c.manifest_key,
        c.manifest_key_file, c.manifest_key_env, c.tls_ca_file, c.ssid, c.password, c.wifi_ssid,
        c.wifi_password, c.cellular_apn, c.cellular_tech, c.scheduling.power_source})
    EXPECT_EQ(empty, "");
  EXPECT_EQ(c.channel, "stable");
  EXPECT_EQ(c.branch, "main");
  EXPECT_EQ(c.api, "https://api.github.com");
  EXPECT_EQ(c.raw, "https://raw.githubusercontent.com");
  EXPECT_EQ(c.user_agent, "ota-updater");
  EXPECT_EQ(c.stage_dir, ".ota_stage");
  EXPECT_EQ(c.backup_dir, ".ota_backup");
  for (const auto& list : {c.allow, c.ignore, c.delete_patterns, c.tls_pins})
    EXPECT_TRUE(list.empty());
  for (bool off : {c.force, c.debug, c.allow_links, c.enable_delta_updates, c.metered, c.jitter,
                   c.cellular_enabled, c.lora_enabled, c.scheduling.present})
    EXPECT_FALSE(off);
  EXPECT_TRUE(c.wifi_enabled);
  EXPECT_EQ(c.reset, ota::reset_mode::hard);
  EXPECT_EQ(c.chunk, 1024u);
  EXPECT_EQ(c.http_timeout_sec, 10u);
  EXPECT_EQ(c.retries, 5u);
  EXPECT_EQ(c.http_retries, 3u);
  EXPECT_EQ(c.backoff_sec, 3u);
  EXPECT_EQ(c.max_backoff_sec, 60u);
  EXPECT_EQ(c.trial_boots, 1u);
  for (std::uint64_t none :
       {std::uint64_t{c.connect_timeout_sec}, std::uint64_t{c.min_free_mem}, c.min_free_storage,
        std::uint64_t{c.min_cpu_mhz}, std::uint64_t{c.max_tree_size_kb},
        std::uint64_t{c.max_tree_files}, std::uint64_t{c.watchdog_timeout_ms},
        std::uint64_t{c.scheduling.min_battery_percent}})
    EXPECT_EQ(none, 0u);
  for (std::int32_t none :
       {c.status_led_pin, c.battery_adc_pin, c.scheduling.update_window_start_hour,
        c.scheduling.update_window_end_hour})
    EXPECT_EQ(none, -1);
  EXPECT_EQ(c.battery_divider_ratio_milli, 1000u);
  EXPECT_EQ(c.battery_v_max_milli, 4200u);
  EXPECT_EQ(c.battery_v_min_milli, 3000u);
  EXPECT_EQ(c.wifi_timeout_sec, 20u);
  EXPECT_EQ(c.cellular_uart, 1);
  EXPECT_EQ(c.cellular_tx_pin, 4);
  EXPECT_EQ(c.cellular_rx_pin, 5);
  EXPECT_EQ(c.cellular_baud, 115200u);
  EXPECT_EQ(c.cellular_cost_per_mb_milli, 500u);
  EXPECT_EQ(c.lora_spi_pins[0], 18);
  EXPECT_EQ(c.lora_spi_pins[1], 19);
  EXPECT_EQ(c.lora_spi_pins[2], 16);
  EXPECT_EQ(c.lora_cs_pin, 17);
  EXPECT_EQ(c.lora_rst_pin, 20);
  EXPECT_EQ(c.lora_freq, 915000000u);
  EXPECT_EQ(c.scheduling.min_update_interval_sec, 3600u);
  EXPECT_EQ(c.scheduling.max_crashes_before_delay, 3u);
  EXPECT_EQ(c.scheduling.rollout_percent, 100u);
  EXPECT_EQ(c.scheduling.error_history_limit, 100u);
}

constexpr const char* keys[] = {"owner",
                                "repo",
                                "ssid",
                                "password",
                                "channel",
                                "branch",
                                "tag",
                                "token",
                                "allow",
                                "ignore",
                                "delete_patterns",
                                "chunk",
                                "stage_dir",
                                "backup_dir",
                                "connect_timeout_sec",
                                "http_timeout_sec",
                                "retries",
                                "http_retries",
                                "backoff_sec",
                                "max_backoff_sec",
                                "force",
                                "reset_mode",
                                "debug",
                                "user_agent",
                                "manifest_key",
                                "min_free_mem",
                                "min_cpu_mhz",
                                "min_free_storage",
                                "max_tree_size_kb",
                                "max_tree_files",
                                "enable_delta_updates",
                                "watchdog_timeout_ms",
                                "status_led_pin",
                                "battery_adc_pin",
                                "battery_divider_ratio",
                                "battery_v_max",
                                "battery_v_min",
                                "min_battery_percent",
                                "wifi_enabled",
                                "wifi_ssid",
                                "wifi_password",
                                "wifi_timeout_sec",
                                "cellular_enabled",
                                "cellular_apn",
                                "cellular_uart",
                                "cellular_tx_pin",
                                "cellular_rx_pin",
                                "cellular_baud",
                                "cellular_tech",
                                "cellular_cost_per_mb",
                                "lora_enabled",
                                "lora_spi_pins",
                                "lora_cs_pin",
                                "lora_rst_pin",
                                "lora_freq",
                                "error_history_limit",
                                "min_update_interval_sec",
                                "update_window_start_hour",
                                "update_window_end_hour",
                                "power_source",
                                "max_crashes_before_delay",
                                "rollout_percent",
                                "update_scheduling",
                                "api",
                                "raw",
                                "web",
                                "trial_boots",
                                "allow_links",
                                "metered",
                                "jitter"};

TEST(config, has_the_defaults_of_the_original_client) {
  expect_defaults(ota::config{});
  ota::config_document<> document;
  ASSERT_TRUE(read(document, "{}"));
  expect_defaults(document.get());
}

TEST(config_document, takes_null_for_the_default_of_every_key) {
  std::string text = "{";
  for (const char* key : keys)
    text += (text.size() > 1 ? ", \"" : "\"") + std::string(key) + "\": null";
  text += "}";
  ota::config_document<> document;
  std::vector<std::string> unknown;
  ASSERT_TRUE(read(document, text, &unknown));
  EXPECT_TRUE(unknown.empty()) << unknown.front();
  expect_defaults(document.get());
}

TEST(config_document, reads_every_key) {
  ota::config_document<> document;
  std::vector<std::string> unknown;
  const auto done = read(document, R"({
    "_comment": {"owner": ["nobody", {"repo": 1}]},
    "owner": "anna", "repo": "station", "ssid": "old net", "password": "old secret",
    "channel": "developer", "branch": "next", "tag": "v1", "token": "t0k",
    "allow": ["lib", "main.py", "caf\u00e9/"], "ignore": ["secrets.py"], "delete_patterns": ["lib/"],
    "chunk": 512, "stage_dir": "stage", "backup_dir": "backup", "connect_timeout_sec": 7,
    "http_timeout_sec": 8, "retries": 9, "http_retries": 10, "backoff_sec": 11,
    "max_backoff_sec": 12, "force": true, "reset_mode": "soft", "debug": true,
    "user_agent": "my device/1", "manifest_key": "k\"ey", "min_free_mem": 13, "min_cpu_mhz": 14,
    "min_free_storage": 5000000000, "max_tree_size_kb": 100, "max_tree_files": 250,
    "enable_delta_updates": true, "watchdog_timeout_ms": 8000, "status_led_pin": 25,
    "battery_adc_pin": 26, "battery_divider_ratio": 2.0, "battery_v_max": 4.1,
    "battery_v_min": 3.25, "min_battery_percent": 15, "wifi_enabled": false, "wifi_ssid": "net",
    "wifi_password": "secret", "wifi_timeout_sec": 16, "cellular_enabled": true,
    "cellular_apn": "iot", "cellular_uart": 0, "cellular_tx_pin": 1, "cellular_rx_pin": 2,
    "cellular_baud": 9600, "cellular_tech": "nbiot", "cellular_cost_per_mb": 0.05,
    "lora_enabled": true, "lora_spi_pins": [1, 2, 3], "lora_cs_pin": 4, "lora_rst_pin": 5,
    "lora_freq": 868000000, "error_history_limit": 17, "min_update_interval_sec": 18,
    "update_window_start_hour": 22, "update_window_end_hour": 4, "power_source": "solar",
    "max_crashes_before_delay": 19, "rollout_percent": 20, "api": "http://127.0.0.1:8080//",
    "raw": "http://127.0.0.1:8080/raw", "web": "http://127.0.0.1:8080/", "trial_boots": 3,
    "allow_links": true, "metered": true, "jitter": true, "tls_ca_file": "ca.pem",
    "tls_pins": ["sha256/a", "sha256/b"], "token_file": "token", "token_env": "TOKEN",
    "manifest_key_file": "key", "manifest_key_env": "KEY", "new_key": 1, "another": [{"a": []}]
  })",
                         &unknown);
  ASSERT_TRUE(done) << done.error().where << " " << done.error().text;
  EXPECT_EQ(unknown, (std::vector<std::string>{"new_key", "another"}));
  const ota::config& c = document.get();
  EXPECT_TRUE(ota::validate(c));
  EXPECT_EQ(c.owner, "anna");
  EXPECT_EQ(c.repo, "station");
  EXPECT_EQ(c.ssid, "old net");
  EXPECT_EQ(c.password, "old secret");
  EXPECT_EQ(c.channel, "developer");
  EXPECT_EQ(c.branch, "next");
  EXPECT_EQ(c.tag, "v1");
  EXPECT_EQ(c.token, "t0k");
  EXPECT_EQ(strings(c.allow), (std::vector<std::string>{"lib", "main.py", "caf\xc3\xa9/"}));
  EXPECT_EQ(strings(c.ignore), std::vector<std::string>{"secrets.py"});
  EXPECT_EQ(strings(c.delete_patterns), std::vector<std::string>{"lib/"});
  EXPECT_EQ(c.tls_ca_file, "ca.pem");
  EXPECT_EQ(strings(c.tls_pins), (std::vector<std::string>{"sha256/a", "sha256/b"}));
  EXPECT_EQ(c.token_file, "token");
  EXPECT_EQ(c.token_env, "TOKEN");
  EXPECT_EQ(c.manifest_key_file, "key");
  EXPECT_EQ(c.manifest_key_env, "KEY");
  EXPECT_EQ(c.chunk, 512u);
  EXPECT_EQ(c.stage_dir, "stage");
  EXPECT_EQ(c.backup_dir, "backup");
  EXPECT_EQ(c.connect_timeout_sec, 7u);
  EXPECT_EQ(c.http_timeout_sec, 8u);
  EXPECT_EQ(c.retries, 9u);
  EXPECT_EQ(c.http_retries, 10u);
  EXPECT_EQ(c.backoff_sec, 11u);
  EXPECT_EQ(c.max_backoff_sec, 12u);
  EXPECT_EQ(c.reset, ota::reset_mode::soft);
  EXPECT_EQ(c.user_agent, "my device/1");
  EXPECT_EQ(c.manifest_key, "k\"ey");
  EXPECT_EQ(c.min_free_mem, 13u);
  EXPECT_EQ(c.min_cpu_mhz, 14u);
  EXPECT_EQ(c.min_free_storage, 5000000000u);
  EXPECT_EQ(c.max_tree_size_kb, 100u);
  EXPECT_EQ(c.max_tree_files, 250u);
  EXPECT_EQ(c.watchdog_timeout_ms, 8000u);
  EXPECT_EQ(c.status_led_pin, 25);
  EXPECT_EQ(c.battery_adc_pin, 26);
  EXPECT_EQ(c.battery_divider_ratio_milli, 2000u);
  EXPECT_EQ(c.battery_v_max_milli, 4100u);
  EXPECT_EQ(c.battery_v_min_milli, 3250u);
  EXPECT_FALSE(c.wifi_enabled);
  EXPECT_EQ(c.wifi_ssid, "net");
  EXPECT_EQ(c.wifi_password, "secret");
  EXPECT_EQ(c.wifi_timeout_sec, 16u);
  EXPECT_EQ(c.cellular_apn, "iot");
  EXPECT_EQ(c.cellular_uart, 0);
  EXPECT_EQ(c.cellular_tx_pin, 1);
  EXPECT_EQ(c.cellular_rx_pin, 2);
  EXPECT_EQ(c.cellular_baud, 9600u);
  EXPECT_EQ(c.cellular_tech, "nbiot");
  EXPECT_EQ(c.cellular_cost_per_mb_milli, 50u);
  EXPECT_EQ(c.lora_spi_pins[0], 1);
  EXPECT_EQ(c.lora_spi_pins[1], 2);
  EXPECT_EQ(c.lora_spi_pins[2], 3);
  EXPECT_EQ(c.lora_cs_pin, 4);
  EXPECT_EQ(c.lora_rst_pin, 5);
  EXPECT_EQ(c.lora_freq, 868000000u);
  EXPECT_FALSE(c.scheduling.present);
  EXPECT_EQ(c.scheduling.error_history_limit, 17u);
  EXPECT_EQ(c.scheduling.min_update_interval_sec, 18u);
  EXPECT_EQ(c.scheduling.min_battery_percent, 15u);
  EXPECT_EQ(c.scheduling.update_window_start_hour, 22);
  EXPECT_EQ(c.scheduling.update_window_end_hour, 4);
  EXPECT_EQ(c.scheduling.power_source, "solar");
  EXPECT_EQ(c.scheduling.max_crashes_before_delay, 19u);
  EXPECT_EQ(c.scheduling.rollout_percent, 20u);
  EXPECT_EQ(c.api, "http://127.0.0.1:8080");
  EXPECT_EQ(c.raw, "http://127.0.0.1:8080/raw");
  EXPECT_EQ(c.web, "http://127.0.0.1:8080");
  EXPECT_EQ(c.trial_boots, 3u);
  for (bool on : {c.force, c.debug, c.enable_delta_updates, c.metered, c.cellular_enabled,
                  c.lora_enabled, c.allow_links, c.jitter})
    EXPECT_TRUE(on);
}

TEST(config_document, reads_the_scheduler_keys_in_their_own_object) {
  ota::config_document<> document;
  std::vector<std::string> unknown;
  ASSERT_TRUE(read(document, R"({"update_scheduling": {"_why": "sun", "rollout_percent": 5,
      "power_source": "solar", "min_battery_percent": 60, "error_history_limit": 9,
      "update_window_start_hour": 1, "update_window_end_hour": 2, "min_update_interval_sec": 3,
      "max_crashes_before_delay": 4, "owner": "x", "update_scheduling": {"a": 1}}})",
                   &unknown));
  const ota::scheduling_config& s = document.get().scheduling;
  EXPECT_TRUE(s.present);
  EXPECT_EQ(s.rollout_percent, 5u);
  EXPECT_EQ(s.power_source, "solar");
  EXPECT_EQ(s.min_battery_percent, 60u);
  EXPECT_EQ(s.error_history_limit, 9u);
  EXPECT_EQ(s.update_window_start_hour, 1);
  EXPECT_EQ(s.update_window_end_hour, 2);
  EXPECT_EQ(s.min_update_interval_sec, 3u);
  EXPECT_EQ(s.max_crashes_before_delay, 4u);
  EXPECT_EQ(document.get().owner, "");
  EXPECT_EQ(unknown, (std::vector<std::string>{"owner", "update_scheduling"}));
}

TEST(config_document, refuses_a_wrong_kind_of_value_and_names_the_key) {
  const std::pair<std::string, std::string> cases[] = {{"owner", "5"},
                                                       {"owner", "true"},
                                                       {"owner", "[]"},
                                                       {"owner", "{}"},
                                                       {"force", "1"},
                                                       {"force", "\"yes\""},
                                                       {"chunk", "\"1024\""},
                                                       {"chunk", "-1"},
                                                       {"chunk", "1.5"},
                                                       {"chunk", "1e3"},
                                                       {"chunk", "4294967296"},
                                                       {"chunk", "true"},
                                                       {"chunk", "[]"},
                                                       {"min_free_storage", "18446744073709551616"},
                                                       {"status_led_pin", "2147483648"},
                                                       {"status_led_pin", "\"LED\""},
                                                       {"battery_v_max", "1e1"},
                                                       {"battery_v_max", "-1.0"},
                                                       {"battery_v_max", "4000001"},
                                                       {"battery_v_max", "\"4.2\""},
                                                       {"reset_mode", "\"now\""},
                                                       {"reset_mode", "0"},
                                                       {"allow", "\"lib\""},
                                                       {"allow", "[1]"},
                                                       {"allow", "[[]]"},
                                                       {"allow", "[null]"},
                                                       {"lora_spi_pins", "[1, 2]"},
                                                       {"lora_spi_pins", "[1, 2, 3, 4]"},
                                                       {"lora_spi_pins", "[\"a\", 2, 3]"},
                                                       {"lora_spi_pins", "1"},
                                                       {"update_scheduling", "[]"},
                                                       {"update_scheduling", "true"},
                                                       {"power_source", "1"},
                                                       {"rollout_percent", "0.5"}};
  for (const auto& [key, value] : cases) {
    const ota::error error = error_of("{\"" + key + "\": " + value + "}");
    EXPECT_EQ(error.code, errc::invalid_argument) << key << " " << value;
    EXPECT_EQ(error.where, key) << value;
    EXPECT_EQ(std::string_view(error.text).substr(0, 8), "must be ") << key;
  }
  EXPECT_STREQ(error_of(R"({"update_scheduling": {"rollout_percent": "5"}})").where,
               "rollout_percent");
}

TEST(config_document, drops_fractions_of_seconds_and_entries_that_say_nothing) {
  ota::config_document<> document;
  ASSERT_TRUE(read(document, R"({"backoff_sec": 0.5, "max_backoff_sec": 7.25, "allow": ["", "a"],
                                 "ignore": [""]})"));
  EXPECT_EQ(document.get().backoff_sec, 0u);
  EXPECT_EQ(document.get().max_backoff_sec, 7u);
  EXPECT_EQ(strings(document.get().allow), std::vector<std::string>{"a"});
  EXPECT_TRUE(document.get().ignore.empty());
}

TEST(config_document, refuses_what_is_not_json_or_no_object) {
  for (const char* text : {"", "{", "{\"owner\": \"x\"", "{}{}", "{\"owner\" \"x\"}", "{\"a\": [1}",
                           "{\"owner\": \"\xff\"}", "{'owner': 1}"})
    EXPECT_EQ(error_of(text).code, errc::malformed) << text;
  for (const char* text : {"[]", "null", "\"owner\"", "1"})
    EXPECT_EQ(error_of(text).code, errc::invalid_argument) << text;
  EXPECT_EQ(error_of("{\"a\": " + std::string(40, '[') + std::string(40, ']') + "}").code,
            errc::too_long);
}

TEST(config_document, reads_decimals_to_thousandths) {
  const std::pair<const char*, std::uint32_t> cases[] = {
      {"0", 0},         {"1", 1000},       {"2.0", 2000},          {"0.5", 500},
      {"4.25", 4250},   {"1.4706", 1471},  {"0.0004", 0},          {"0.0005", 1},
      {"0.9996", 1000}, {"3.30000", 3300}, {"4000000", 4000000000}};
  for (const auto& [text, expected] : cases) {
    ota::config_document<> document;
    ASSERT_TRUE(read(document, std::string("{\"battery_divider_ratio\": ") + text + "}")) << text;
    EXPECT_EQ(document.get().battery_divider_ratio_milli, expected) << text;
  }
}

TEST(config_document, tells_when_its_memory_is_full) {
  ota::config_document<20, 2> document;
  ASSERT_TRUE(read(document, R"({"owner": "0123456789", "repo": "abc"})"));
  EXPECT_EQ(document.get().repo, "abc");
  const auto text = read(document, R"({"owner": "0123456789", "repo": "0123456789a"})");
  EXPECT_EQ(text.error().code, errc::too_long);
  EXPECT_STREQ(text.error().where, "repo");
  const auto list = read(document, R"({"allow": ["a", "b"], "ignore": ["c"]})");
  EXPECT_EQ(list.error().code, errc::too_long);
  EXPECT_STREQ(list.error().where, "ignore");
  // No known key may hide behind a full memory; comments and skipped values may be of any length.
  EXPECT_EQ(read(document, R"({"owner": "01234567890123456789", "repo": "x"})").error().code,
            errc::too_long);
  EXPECT_TRUE(read(document, R"({"_a_comment_longer_than_twenty": "and its text, longer still",
                                "x": "a text that is not kept is of no account"})"));
  const auto again = read(document, R"({"owner": "0123456789", "repo": "0123456789"})");
  EXPECT_TRUE(again) << "what was read before takes no room";
}

TEST(validate, refuses_missing_and_placeholder_names) {
  const auto where = [](const char* owner, const char* repo) {
    ota::config settings;
    settings.owner = owner;
    settings.repo = repo;
    const auto done = ota::validate(settings);
    EXPECT_TRUE(done || done.error().code == errc::invalid_argument);
    return std::string(done.error().where);
  };
  EXPECT_EQ(where("anna", "my-repo_1.0"), "");
  EXPECT_EQ(where("", "r"), "owner");
  EXPECT_EQ(where("o", ""), "repo");
  EXPECT_EQ(where("YOUR_GITHUB_USERNAME", "r"), "owner");
  EXPECT_EQ(where("your_GitHub_username", "r"), "owner");
  EXPECT_EQ(where("o", "YOUR_REPO_NAME"), "repo");
  EXPECT_EQ(where("o", "Your_Repo_Name"), "repo");
  EXPECT_EQ(where("o", "your_repo_name2"), "");
  EXPECT_EQ(where("a/b", "r"), "owner");
  EXPECT_EQ(where("o", "r r"), "repo");
  EXPECT_EQ(where("o", ".."), "repo");
}

TEST(validate, refuses_values_that_no_update_can_use) {
  const auto where = [](const char* text) {
    ota::config_document<> document;
    EXPECT_TRUE(read(document, "{\"owner\": \"o\", \"repo\": \"r\", " + std::string(text) + "}"));
    return std::string(ota::validate(document.get()).error().where);
  };
  EXPECT_EQ(where(R"("channel": "stabel")"), "channel");
  EXPECT_EQ(where(R"("channel": "developer", "branch": "")"), "branch");
  EXPECT_EQ(where(R"("api": "api.github.com")"), "api");
  EXPECT_EQ(where(R"("raw": "ftp://x")"), "raw");
  EXPECT_EQ(where(R"("web": "x")"), "web");
  EXPECT_EQ(where(R"("stage_dir": "../x")"), "stage_dir");
  EXPECT_EQ(where(R"("backup_dir": "/x")"), "backup_dir");
  EXPECT_EQ(where(R"("token": "a\r\nHost: b")"), "token");
  EXPECT_EQ(where(R"("user_agent": "a\nb")"), "user_agent");
  EXPECT_EQ(where(R"("update_window_start_hour": 24)"), "update_window_start_hour");
  EXPECT_EQ(where(R"("update_window_end_hour": 25)"), "update_window_end_hour");
  EXPECT_EQ(where(R"("trial_boots": 0)"), "trial_boots");
  EXPECT_EQ(where(R"("update_window_start_hour": 0, "update_window_end_hour": 24)"), "");
}

TEST(effective_chunk, keeps_to_its_bounds) {
  EXPECT_EQ(ota::effective_chunk(1024, 0), 1024u);
  EXPECT_EQ(ota::effective_chunk(1024, 1 << 20), 1024u);
  EXPECT_EQ(ota::effective_chunk(10, 0), 256u);
  EXPECT_EQ(ota::effective_chunk(100000, 0), 4096u);
  EXPECT_EQ(ota::effective_chunk(4096, 8000), 2000u);
  EXPECT_EQ(ota::effective_chunk(1024, 100), 256u);
  // max(256, min(chunk, free // 4, 4096)), as the original client has it
  std::mt19937 random(3);
  for (int i = 0; i < 10000; ++i) {
    const auto chunk = static_cast<std::uint32_t>(random() % 10000);
    const std::size_t memory = 1 + random() % 40000;
    const std::size_t expected =
        std::max<std::size_t>(256, std::min<std::size_t>({chunk, memory / 4, 4096}));
    EXPECT_EQ(ota::effective_chunk(chunk, memory), expected);
  }
}

TEST(web_base, is_githubs_own_only_beside_its_own_api) {
  ota::config settings;
  EXPECT_EQ(ota::web_base(settings), "https://github.com");
  settings.api = "http://127.0.0.1:1";
  EXPECT_EQ(ota::web_base(settings), "");
  settings.web = "http://127.0.0.1:2";
  EXPECT_EQ(ota::web_base(settings), "http://127.0.0.1:2");
}

}  // namespace
