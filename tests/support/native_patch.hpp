#pragma once

#include <cstdlib>
#include <cstring>
#include <vector>

#include "ota/delta/every_patch.hpp"
#include "ota/delta/patch_check.hpp"

// What tests apply native patches with: in memory, and strict.

namespace ota_test {

using file_bytes = std::vector<std::uint8_t>;

inline ota::bytes view(const file_bytes& data) { return {data.data(), data.size()}; }

/// A file that ends the program when something outside of it is read; it can fail at a read.
struct strict_source {
  std::uint32_t size() const { return static_cast<std::uint32_t>(content.size()); }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) {
    static constexpr ota::error unreadable{ota::errc::storage, "test", "unreadable"};
    if (offset > content.size() || out.size() > content.size() - offset) std::abort();
    if (reads_left-- == 0) return unreadable;
    if (!out.empty()) std::memcpy(out.data(), content.data() + offset, out.size());
    return {};
  }
  ota::bytes content;
  long reads_left = -1;
};

/// One that ends the program when more is written than may be, or read than was written.
struct strict_result {
  std::uint32_t size() const { return static_cast<std::uint32_t>(content.size()); }
  ota::result<void> append(ota::bytes data) {
    if (data.empty() || data.size() > limit - content.size()) std::abort();
    content.insert(content.end(), data.begin(), data.end());
    return {};
  }
  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) {
    if (offset > content.size() || out.size() > content.size() - offset) std::abort();
    if (!out.empty()) std::memcpy(out.data(), content.data() + offset, out.size());
    return {};
  }
  std::size_t limit = 0;
  file_bytes content;
};

template <class Limits = ota::every_patch>
using strict_decoder = ota::patch_decoder<strict_source, strict_source, strict_result, Limits>;

struct made {
  file_bytes content;  ///< what was written, also before a failure
  const ota::error* failure = nullptr;
};

/// Applies a patch without its hashes; ends the program where that takes more steps than it may.
template <class Limits = ota::every_patch>
made apply_blindly(const file_bytes& old_file, const file_bytes& patch) {
  strict_source old_source{view(old_file)}, patch_source{view(patch)};
  strict_result out;
  strict_decoder<Limits> decoder(old_source, patch_source, out);
  made done;
  if (const auto opened = decoder.open(); !opened) {
    done.failure = &opened.error();
    return done;
  }
  out.limit = decoder.header().new_size;
  for (std::size_t steps = 0;; ++steps) {
    const auto more = decoder.step();
    if (!more) done.failure = &more.error();
    if (!more || !*more) break;
    if (steps > 3 * out.limit + 1000) std::abort();
  }
  done.content = std::move(out.content);
  return done;
}

}  // namespace ota_test
