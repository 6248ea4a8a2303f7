#pragma once

#include <cstddef>
#include <cstdint>

#include "bit_model.hpp"
#include "copy_model.hpp"
#include "patch_header.hpp"

namespace ota::detail {

/// One step of a patch: a byte, or a copy.
struct patch_op {
  enum class kind_of : std::uint8_t { literal, from_old, from_new };
  static constexpr std::uint32_t shortest_from_old = 1;
  static constexpr std::uint32_t shortest_from_new = 2;

  kind_of kind = kind_of::literal;
  std::uint8_t byte = 0;
  std::uint32_t from = 0;  ///< an offset in the old file, or in the new one
  std::uint32_t length = 1;
};

/// What both sides of a patch know, and learn from each step.
/// \tparam LiteralBits  how many models literals have, as a power of two
template <unsigned LiteralBits>
class patch_model {
 public:
  copy_model copy;

  /// Codes a step.
  /// \param last    the last copy from the old file
  /// \param to      where the step puts its bytes
  /// \param before  the byte before it
  template <class Coder>
  patch_op code(Coder& coder, const patch_header& header, const copy_place& last, std::uint32_t to,
                std::uint8_t before, patch_op op) {
    const bool copies = coder.bit(is_copy_[last_][to & 1], op.kind != patch_op::kind_of::literal);
    if (!copies) {
      op.kind = patch_op::kind_of::literal;
      op.length = 1;
      op.byte = static_cast<std::uint8_t>(
          literals_[literal_context(header, to, before)].code(coder, op.byte));
    } else if (coder.bit(is_old_[last_], op.kind == patch_op::kind_of::from_old)) {
      op.kind = patch_op::kind_of::from_old;
      op.from = code_old_place(coder, last, to, op.from);
      op.length = old_length_.code(coder, op.length - patch_op::shortest_from_old) +
                  patch_op::shortest_from_old;
    } else {
      op.kind = patch_op::kind_of::from_new;
      op.from = to - code_distance(coder, to - op.from);
      op.length = new_length_.code(coder, op.length - patch_op::shortest_from_new) +
                  patch_op::shortest_from_new;
    }
    last_ = static_cast<std::uint8_t>(op.kind);
    return op;
  }

  /// Codes an entry of the address map, which stands before all steps.
  template <class Coder, class Map>
  void code_stretch(Coder& coder, Map& map, std::uint32_t begin, std::uint32_t shift) {
    map.code(coder, old_jump_, old_length_, begin, shift);
  }
  void end_map() { old_jump_ = old_length_ = {}; }

 private:
  static unsigned literal_context(const patch_header& header, std::uint32_t to,
                                  std::uint8_t before) {
    const unsigned position = to & ((1U << header.position_bits) - 1);
    return position << header.previous_bits | std::uint32_t{before} >> (8 - header.previous_bits);
  }

  /// Where a copy from the old file begins: mostly where the last one would have gone on, by its
  /// shift (bytes were replaced) or by its end (bytes were put in).
  template <class Coder>
  std::uint32_t code_old_place(Coder& coder, const copy_place& last, std::uint32_t to,
                               std::uint32_t from) {
    const std::uint32_t replaced = last.from + (to - last.to);
    if (coder.bit(replaces_[last_], from == replaced)) return replaced;
    if (to != last.to && coder.bit(puts_in_[last_], from == last.from)) return last.from;
    return replaced + unfold_sign(old_jump_.code(coder, fold_sign(from - replaced)));
  }

  template <class Coder>
  std::uint32_t code_distance(Coder& coder, std::uint32_t distance) {
    if (!coder.bit(same_distance_, distance == last_distance_)) {
      // Code and tables repeat themselves at even distances, or multiples of four.
      const std::uint32_t high = distance_.code(coder, (distance - 1) >> 2);
      last_distance_ = (high << 2 | distance_end_.code(coder, (distance - 1) & 3)) + 1;
    }
    return last_distance_;
  }

  bit_model is_copy_[3][2];
  bit_model is_old_[3];
  bit_model replaces_[3];
  bit_model puts_in_[3];
  bit_model same_distance_;
  number_model old_length_;
  number_model old_jump_;
  number_model new_length_;
  number_model distance_;  // without its two lowest bits
  bit_tree<2> distance_end_;
  bit_tree<8> literals_[1U << LiteralBits];
  std::uint32_t last_distance_;
  std::uint8_t last_;  // kind of the last step
};

}  // namespace ota::detail
