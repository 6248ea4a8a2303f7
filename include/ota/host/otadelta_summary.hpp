#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "../delta/otadelta_format.hpp"

namespace ota::host {

/// What the instructions of an OTADELTA patch add up to.
struct otadelta_summary {
  std::uint64_t old_size = 0;  ///< bytes that the old file has at least
  std::uint64_t new_size = 0;
  std::uint64_t copies = 0;        ///< instructions
  std::uint64_t copied_bytes = 0;  ///< the others of the new file are in the patch
  bool fits_original = true;       ///< no instruction is larger than the original client takes
};

/// Reads a whole patch. Throws std::runtime_error where one cannot be read.
inline otadelta_summary summary_of_otadelta(bytes patch) {
  const auto throw_error = [](const error& failure) { throw std::runtime_error(failure.text); };
  if (const auto fine = otadelta_header::check(patch); !fine) throw_error(fine.error());
  otadelta_summary out;
  for (bytes rest = patch.drop(otadelta_header::size);;) {
    const auto next = otadelta_instruction::read(rest);
    if (!next) throw_error(next.error());
    if (next->kind == otadelta_kind::end) return out;
    const bool copies = next->kind == otadelta_kind::copy;
    rest = rest.drop(next->size);
    if (!copies && rest.size() < next->length) throw_error(otadelta_error::cut_off);
    if (!copies) rest = rest.drop(next->length);
    const auto most = copies ? next->original_copy : next->original_data;
    if (next->length > most) out.fits_original = false;
    out.new_size += next->length;
    if (!copies || next->length == 0) continue;
    ++out.copies;
    out.copied_bytes += next->length;
    out.old_size = std::max(out.old_size, std::uint64_t{next->from} + next->length);
  }
}

}  // namespace ota::host
