// Two whole updates on a bare Cortex-M0+: from nothing to v1.0.0, then to v1.1.0, out of answers in
// flash, into files in RAM; with SIGNED, by signed manifests and a change of keys. Ends with 0 when
// every file is what the repository holds. With PATCHES the device takes patches, too; with
// KNOWN_SETTINGS it names its settings.
#include <new>
#include <ota/ota.hpp>

#include "board.hpp"
#include "canned.hpp"

constexpr ota::config acme = [] {
  ota::config known;
  known.owner = "acme";
  known.repo = "station";
#if defined(SIGNED)
  known.product = "station";
  known.trusted_root = trusted_root;
#endif
  known.reset = ota::reset_mode::none;
  return known;
}();

struct device : ota::default_policies {
#if defined(KNOWN_SETTINGS)
  static constexpr ota::config settings = acme;
#endif
  using source = ota::github;
  using http = ota::http_client<canned_stream>;
  using storage = ota::memory_files<16384>;
#if defined(SIGNED)
  using trust = ota::signed_by<ota::ed25519>;
#else
  using hash = ota::sha1;
  using trust = ota::host_trusted;
#endif
#if defined(PATCHES)
  using delta = ota::delta_patches<>;
#endif
  template <class Storage, class Hardware>
  using scheduler = ota::no_scheduler<Storage, Hardware>;
  static constexpr bool takes_over = false;
};

namespace {

using device_updater = ota::updater<device>;

alignas(device_updater) unsigned char memory[sizeof(device_updater)];

BOARD_TEST_CODE("code") void report(const char* what, std::uint32_t number) {
  board::print(what);
  board::print(" ");
  board::print(number);
  board::print("\n");
}

// The library calls no `strlen`, which would be counted as if it did.
BOARD_TEST_CODE("code") std::string_view view_of(const char* text) {
  const char* end = text;
  while (*end != '\0') ++end;
  return {text, static_cast<std::size_t>(end - text)};
}

BOARD_TEST_CODE("code")
bool holds(device::storage& files, std::string_view path, ota::bytes content) {
  const auto info = files.stat(path);
  if (!info || info->kind != ota::file_kind::file || info->size != content.size()) return false;
  std::uint8_t piece[64];
  for (std::size_t at = 0; at < content.size(); at += sizeof piece) {
    const auto count = files.read(path, at, piece);
    if (!count ||
        !ota::equal(ota::mutable_bytes(piece).first(*count), content.drop(at).first(sizeof piece)))
      return false;
  }
  return true;
}

BOARD_TEST_CODE("code") bool holds_all(device::storage& files, const canned_answer* expected) {
  for (; expected->path != nullptr; ++expected)
    if (!holds(files, view_of(expected->path), {expected->data, expected->size})) {
      board::print(expected->path);
      board::print(" is not what the repository holds\n");
      return false;
    }
  return true;
}

BOARD_TEST_CODE("code") void serve(canned_stream& stream, const canned_answer* answers) {
  stream = canned_stream(answers);
}

BOARD_TEST_CODE("code")
bool succeeded(device_updater& updater, const ota::result<ota::update_outcome>& outcome,
               const canned_answer* expected) {
  report("requests", updater.http().stream().requests());
  if (outcome)
    return *outcome == ota::update_outcome::updated && holds_all(updater.storage(), expected);
  board::print(outcome.error().where);
  board::print(": ");
  board::print(outcome.error().text);
  board::print("\n");
  return false;
}

BOARD_TEST_CODE("code") bool is_gone(device::storage& files, std::string_view path) {
  return files.stat(path)->kind == ota::file_kind::none;
}

BOARD_TEST_CODE("code") int report_memory() {
  report("updater", sizeof(device_updater) - sizeof(device::storage));
  report("stack", board::stack_used());
  return 0;
}

bool update_to(device_updater& updater, const canned_answer* answers,
               const canned_answer* expected) {
  serve(updater.http().stream(), answers);
  return updater.boot() && succeeded(updater, updater.run(), expected) && updater.confirm();
}

}  // namespace

extern "C" int program() {
#if defined(KNOWN_SETTINGS)
  auto& updater = *::new (memory) device_updater;
#else
  auto& updater = *::new (memory) device_updater(acme);
#endif
  if (!update_to(updater, old_release, old_files)) return 1;
  if (!update_to(updater, new_release, new_files)) return 2;
  if (!is_gone(updater.storage(), "lib/radio.py")) return 4;
  return report_memory();
}
