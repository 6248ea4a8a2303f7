#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <ota/core/hex.hpp>
#include <ota/manifest/canonical_json.hpp>

#include "support/python.hpp"

/// What the tests of this room share: a document on storage, and python3's word on it.
namespace manifest_test {

/// A storage that holds one document and counts what is read of it.
struct document {
  std::string text;
  std::uint64_t reads = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t fail_at = ~std::uint64_t{0};

  ota::result<std::size_t> read(std::string_view, std::uint64_t offset, ota::mutable_bytes out) {
    static constexpr ota::error failed{ota::errc::storage, "test", "a read failed"};
    if (reads++ == fail_at) return failed;
    if (offset >= text.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), text.size() - offset);
    std::memcpy(out.data(), text.data() + offset, size);
    bytes_read += size;
    return size;
  }
};

/// The canonical form, or the error's text after "! ". Between steps the buffer is overwritten, so
/// that a reader which keeps something in it is found out.
inline std::string canonical(document& source, std::size_t buffer) {
  std::vector<std::uint8_t> scratch(buffer);
  std::string form;
  ota::canonical_json<document> canonical(source, "manifest.json");
  for (;;) {
    const auto more = canonical.step({scratch.data(), scratch.size()},
                                     [&](ota::bytes part) { form.append(ota::as_text(part)); });
    if (!more) return std::string("! ") + more.error().text;
    if (!*more) return form;
    std::fill(scratch.begin(), scratch.end(), std::uint8_t{0xee});
  }
}

inline std::string canonical(const std::string& text, std::size_t buffer = 512) {
  document source{text};
  return canonical(source, buffer);
}

inline std::string from_hex(std::string_view text) {
  std::string data(text.size() / 2, '\0');
  ota::from_hex(text, {reinterpret_cast<std::uint8_t*>(data.data()), data.size()});
  return data;
}

using ota_test::ask_python;
using ota_test::has_python;

/// `count` files as the original generator writes them: sorted, with an indent of 2.
inline std::string generated(std::size_t count) {
  std::string text = "{\n  \"files\": [";
  char line[300];
  for (std::size_t i = 0; i < count; ++i) {
    std::snprintf(
        line, sizeof line,
        "%s\n    {\n      \"crc32\": %zu,\n      \"path\": \"lib/part_%zu/file_%zu.py\",\n"
        "      \"sha256\": \"%064zx\",\n      \"size\": %zu\n    }",
        i == 0 ? "" : ",", i * 40503, i / 100, i, i, i % 5000);
    text += line;
  }
  return text +
         "\n  ],\n  \"generated_at\": \"2025-01-01T00:00:00Z\",\n  \"signature\": \"00\",\n"
         "  \"version\": \"v1\"\n}";
}

}  // namespace manifest_test
