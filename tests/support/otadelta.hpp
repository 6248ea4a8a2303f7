#pragma once

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "ota/core/text.hpp"
#include "ota/delta/otadelta.hpp"

// What tests apply patches to: in memory, and strict.

namespace ota_test {

/// A file that ends the program when it is read behind its end, or by more than a piece.
template <std::size_t Piece>
struct strict_file {
  std::uint32_t size() const { return static_cast<std::uint32_t>(content.size()); }

  ota::result<void> read(std::uint32_t offset, ota::mutable_bytes out) const {
    if (out.size() > Piece) std::abort();
    if (out.empty()) return {};
    if (offset > size() || out.size() > size() - offset) std::abort();
    std::memcpy(out.data(), content.data() + offset, out.size());
    return {};
  }

  ota::bytes content;
};

/// One that ends the program when it gets more than it may hold.
struct strict_output {
  ota::result<void> append(ota::bytes data) {
    if (data.empty() || data.size() > limit - text.size()) std::abort();
    text.append(ota::as_text(data));
    return {};
  }
  // This format copies of the old file alone.
  ota::result<void> read(std::uint32_t, ota::mutable_bytes) const { std::abort(); }

  std::uint32_t limit;
  std::string text;
};

struct applied {
  std::string text;  ///< what was written, also before a failure
  const ota::error* failure = nullptr;
  std::vector<ota::otadelta_state> states;  ///< before each step, and at the end
};

/// Applies a patch; ends the program where that takes more steps than it may. `Piece` is at least
/// as long as an instruction.
template <std::size_t Piece = 256>
applied apply_otadelta(ota::bytes old_file, ota::bytes patch, std::uint32_t limit,
                       const ota::otadelta_state& from = {}, const std::string& written = {}) {
  const strict_file<Piece> old_source{old_file}, patch_source{patch};
  strict_output out{limit, written};
  ota::otadelta_applier<const strict_file<Piece>, const strict_file<Piece>, strict_output, Piece>
      applier(old_source, patch_source, out, limit, from);
  applied done;
  for (;;) {
    done.states.push_back(applier.state());
    const auto more = applier.step();
    if (!more) done.failure = &more.error();
    if (!more || !*more) break;
    if (done.states.size() > patch.size() + out.text.size()) std::abort();
  }
  done.states.push_back(applier.state());
  done.text = out.text;
  return done;
}

}  // namespace ota_test
