#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "../delta/otadelta_format.hpp"
#include "leb128.hpp"
#include "longest_match.hpp"
#include "suffix_array.hpp"

namespace ota::host {
namespace detail {

/// Bytes of the new file that stand in the old one too.
struct file_copy {
  std::uint32_t from = 0, length = 0;
};

/// The longest copy at each place of the new file. None is looked for inside of one that is longer
/// than an instruction, so that files which repeat themselves take no longer.
template <class Progress>
std::vector<file_copy> longest_copies(bytes old_file, bytes new_file, Progress&& progress) {
  const std::vector<std::int32_t> suffixes = suffix_array(old_file);
  std::vector<file_copy> copies(new_file.size());
  file_copy copy;
  for (std::size_t at = 0; at < new_file.size(); ++at) {
    if (at % 65536 == 0) progress(at);
    if (copy.length != 0) copy = {copy.from + 1, copy.length - 1};
    if (copy.length < otadelta_instruction::original_copy) {
      const bytes rest = new_file.drop(at);
      const text_match found =
          longest_match(old_file, suffixes, rest.first(otadelta_instruction::original_copy));
      const std::size_t end = found.begin + found.size;
      const std::size_t size = found.size + same_bytes(old_file.drop(end), rest.drop(found.size));
      if (size > copy.length)
        copy = {static_cast<std::uint32_t>(found.begin), static_cast<std::uint32_t>(size)};
    }
    copies[at] = copy;
  }
  return copies;
}

/// Chooses the instructions of a patch: those that take the fewest bytes, by dynamic programming
/// from the end of the new file to its beginning.
class otadelta_plan {
 public:
  /// An instruction that begins at a place; data, where there is no `from`.
  static constexpr std::uint32_t is_data = 0xffffffff;

  /// `copies`: the longest at each place. What the plan chose stands there in their place.
  explicit otadelta_plan(std::vector<file_copy>& copies)
      : copies_(copies), cost_(copies.size() + 1) {
    for (std::size_t at = copies.size(); at-- > 0;) choose(at);
  }

 private:
  // The longest copy is the best one but where its length takes a byte more: what is left of a
  // longer one can be copied as well.
  void choose(std::size_t at) {
    extend_data(at);
    file_copy best{is_data, data_};
    cost_[at] = data_cost_;
    const file_copy longest = copies_[at];
    for (const std::uint32_t most : {127u, otadelta_instruction::original_copy}) {
      const std::uint32_t length = std::min(longest.length, most);
      if (length == 0) continue;
      const std::uint32_t cost =
          1 + leb128_size(longest.from) + leb128_size(length) + cost_[at + length];
      if (cost >= cost_[at]) continue;
      cost_[at] = cost;
      best = {longest.from, length};
    }
    copies_[at] = best;
  }

  // The cost of data that begin here: new ones of one byte, or one byte more of those behind.
  void extend_data(std::size_t at) {
    const std::uint32_t alone = 3 + cost_[at + 1];
    const std::uint32_t longer = data_cost_ + 1 + leb128_size(data_ + 1) - leb128_size(data_);
    const bool joins = data_ != 0 && data_ < otadelta_instruction::original_data && longer <= alone;
    data_ = joins ? data_ + 1 : 1;
    data_cost_ = joins ? longer : alone;
  }

  std::vector<file_copy>& copies_;
  std::vector<std::uint32_t> cost_;
  std::uint32_t data_ = 0, data_cost_ = 0;
};

}  // namespace detail

/// A patch of the format OTADELTA (docs/otadelta.md) that makes `new_file` of `old_file`, and that
/// the original client takes: no instruction has more bytes than it allows. `progress(done)` is
/// called with how many bytes of the new file are done. Throws std::invalid_argument for files of
/// 2 GiB or more.
template <class Progress>
std::vector<std::uint8_t> otadelta_of(bytes old_file, bytes new_file, Progress&& progress) {
  constexpr std::size_t too_large = 0x7fffffff;
  if (old_file.size() >= too_large || new_file.size() >= too_large)
    throw std::invalid_argument("OTADELTA patches are made of files below 2 GiB");
  std::vector<detail::file_copy> steps = detail::longest_copies(old_file, new_file, progress);
  const detail::otadelta_plan plan(steps);

  std::vector<std::uint8_t> out(otadelta_header::value,
                                otadelta_header::value + otadelta_header::size);
  for (std::size_t at = 0; at < steps.size(); at += steps[at].length) {
    const bool copies = steps[at].from != plan.is_data;
    const auto kind = copies ? otadelta_kind::copy : otadelta_kind::data;
    out.push_back(static_cast<std::uint8_t>(kind));
    if (copies) append_leb128(out, steps[at].from);
    append_leb128(out, steps[at].length);
    const bytes data = new_file.drop(at).first(copies ? 0 : steps[at].length);
    out.insert(out.end(), data.begin(), data.end());
  }
  out.push_back(static_cast<std::uint8_t>(otadelta_kind::end));
  return out;
}

/// The same, telling nobody.
inline std::vector<std::uint8_t> otadelta_of(bytes old_file, bytes new_file) {
  return otadelta_of(old_file, new_file, [](std::size_t) {});
}

}  // namespace ota::host
