// Patches made as each kind of code, whatever the files are, give the new file.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "ota/delta/patch_decoder.hpp"
#include "ota/host/patch_maker.hpp"
#include "support/process.hpp"

namespace {

using file = std::vector<std::uint8_t>;

struct file_source {
  const file& data;
  ota::result<void> read(std::uint32_t at, ota::mutable_bytes out) const {
    if (at > data.size() || out.size() > data.size() - at) return ota::patch_errors::truncated;
    std::copy_n(data.data() + at, out.size(), out.begin());
    return {};
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(data.size()); }
};

struct file_sink {
  file data;
  ota::result<void> read(std::uint32_t at, ota::mutable_bytes out) const {
    return file_source{data}.read(at, out);
  }
  ota::result<void> append(ota::bytes more) {
    data.insert(data.end(), more.begin(), more.end());
    return {};
  }
};

struct everything : ota::patch_limits {
  using codes = ota::all_codes;
};

file apply(const file& old_file, const file& patch) {
  const file_source from{old_file}, coded{patch};
  file_sink made;
  ota::patch_decoder<const file_source, const file_source, file_sink, everything> decoder(
      from, coded, made);
  const auto opened = decoder.open();
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().text);
  if (!opened) return {};
  for (;;) {
    const auto more = decoder.step();
    EXPECT_TRUE(more) << (more ? "" : more.error().text);
    if (!more || !*more) return std::move(made.data);
  }
}

file patch_of(const file& old_file, const file& new_file, const ota::host::patch_options& options) {
  return ota::host::patch_maker({old_file.data(), old_file.size()},
                                {new_file.data(), new_file.size()}, options)
      .make();
}

file load(const std::string& path) {
  const std::string text = ota_test::content_of(path);
  return {text.begin(), text.end()};
}

// Pairs that are made in a moment, also by a build that watches every access.
template <class Visit>
void for_pairs(Visit&& visit) {
  int seen = 0;
  for (const auto& folder : std::filesystem::directory_iterator(OTA_DELTA_PAIRS))
    for (const char* ending : {".bin", ".py"}) {
      const file old_file = load(folder.path().string() + "/old" + ending);
      const file new_file = load(folder.path().string() + "/new" + ending);
      if (old_file.empty() || old_file.size() > 40'000) continue;
      visit(folder.path().filename().string(), old_file, new_file);
      ++seen;
    }
  EXPECT_GT(seen, 10);
}

TEST(code_patch, of_each_kind_gives_the_new_file) {
  for_pairs([](const std::string& name, const file& old_file, const file& new_file) {
    for (unsigned kind = 0; kind <= static_cast<unsigned>(ota::code_kind::x86_64); ++kind) {
      ota::host::patch_options options;
      options.kinds = {static_cast<ota::code_kind>(kind)};
      const file patch = patch_of(old_file, new_file, options);
      EXPECT_EQ(patch.at(4) & 0x0fU, kind) << name;
      EXPECT_TRUE(apply(old_file, patch) == new_file) << name << " as kind " << kind;
    }
  });
}

TEST(code_patch, is_of_the_kind_that_the_files_are) {
  const auto kind_of = [](const std::string& name) {
    const std::string folder = OTA_DELTA_PAIRS "/" + name;
    const file old_file = load(folder + "/old.bin"), new_file = load(folder + "/new.bin");
    return static_cast<ota::code_kind>(patch_of(old_file, new_file, {}).at(4) & 0x0f);
  };
  EXPECT_EQ(kind_of("small-rv-application"), ota::code_kind::riscv);
  const auto thumb = kind_of("small-m0-application");
  EXPECT_TRUE(thumb == ota::code_kind::thumb || thumb == ota::code_kind::thumb2);
}

TEST(code_patch, is_never_larger_than_the_plain_one) {
  for_pairs([](const std::string& name, const file& old_file, const file& new_file) {
    ota::host::patch_options plain;
    plain.kinds = {ota::code_kind::plain};
    EXPECT_LE(patch_of(old_file, new_file, {}).size(), patch_of(old_file, new_file, plain).size())
        << name;
  });
}

}  // namespace
