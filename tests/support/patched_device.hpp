#pragma once

#include "fake_device.hpp"
#include "ota/delta/delta_patches.hpp"
#include "ota/delta/patch_name.hpp"
#include "ota/hash/sha256.hpp"
#include "ota/host/otadelta_writer.hpp"
#include "ota/host/patch_maker.hpp"

namespace ota_test {

/// Patches for devices whose files are small: it is kept often how far one is applied.
struct small_blocks : ota::delta_patches<> {
  static constexpr std::uint32_t block_size = 512;
};

/// A device that takes patches.
template <class Storage, class Delta = small_blocks>
struct patched_device {
  struct policies : ota::default_policies {
    using storage = borrowed_storage<Storage>;
    using http = fake_github;
    using delta = Delta;
  };

  patched_device(const ota::config& settings, Storage& storage, fake_github::state& github)
      : updater(settings, borrowed_storage<Storage>(storage), fake_github(github)) {}

  ota::updater<policies> updater;
};

inline std::string text_of(const std::vector<std::uint8_t>& data) {
  return {data.begin(), data.end()};
}
inline std::string native_patch(const std::string& before, const std::string& now) {
  return text_of(ota::host::patch_maker(ota::as_bytes(before), ota::as_bytes(now)).make());
}
inline std::string otadelta_patch(const std::string& before, const std::string& now) {
  return text_of(ota::host::otadelta_of(ota::as_bytes(before), ota::as_bytes(now)));
}

inline std::string sha256_digits(const std::string& content) {
  ota::sha256 hash;
  hash.update(ota::as_bytes(content));
  const auto digest = hash.finish();
  std::string digits(64, '0');
  ota::to_hex({digest.data(), digest.size()}, digits.data());
  return digits;
}

/// Where a manifest's patch lies that makes the file at `path` of one with that content.
inline std::string patch_name(std::string path, const std::string& before) {
  std::replace(path.begin(), path.end(), '/', '_');
  return ".deltas/" + path + "." + sha256_digits(before).substr(0, 16) + ".delta";
}

/// A program of so many lines, some of which another `edition` has differently.
inline std::string program(int lines, int edition) {
  std::string text;
  std::uint32_t chance = 1;
  for (int i = 0; i < lines; ++i) {
    chance = chance * 1664525 + 1013904223;
    const int changed = i % 40 == 7 ? edition : 0;
    text += "value_" + std::to_string(chance >> 12) + " = read(" +
            std::to_string((chance >> 8) % 977 + static_cast<std::uint32_t>(changed)) + ")\n";
  }
  return text;
}

}  // namespace ota_test
