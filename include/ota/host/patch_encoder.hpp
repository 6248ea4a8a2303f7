#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../delta/patch_header.hpp"
#include "../delta/patch_model.hpp"
#include "../hash/crc32.hpp"
#include "program_form.hpp"
#include "range_encoder.hpp"
#include "shift_votes.hpp"

namespace ota::host {

/// Writes the bytes of a patch: header, address map, steps, and a CRC-32 over all of it.
template <class Space>
class patch_encoder {
 public:
  patch_encoder(const patch_header& header, const Space& space, const padded_bytes& old_file,
                const padded_bytes& new_file)
      : header_(header), space_(space), old_(old_file), new_(new_file), coder_(header.rate) {}

  template <class Map>
  void put_map(Map& map, const std::vector<address_stretch>& stretches) {
    for (const address_stretch& s : stretches) model_.code_stretch(coder_, map, s.begin, s.shift);
    model_.end_map();
  }

  void put(const ota::detail::patch_op& op) {
    const std::uint8_t before = made_ == 0 ? std::uint8_t{0} : new_[made_ - 1];
    model_.code(coder_, header_, last_, made_, before, op);
    if (op.kind == ota::detail::patch_op::kind_of::from_old) {
      last_.start(op.from, made_, op.length);
      while (last_.left != 0) put_line();
    }
    made_ += op.length;
  }

  std::vector<std::uint8_t> finish() {
    std::vector<std::uint8_t> patch = header_bytes();
    const std::vector<std::uint8_t> body = coder_.finish();
    patch.insert(patch.end(), body.begin(), body.end());
    crc32 sum;
    sum.update({patch.data(), patch.size()});
    const auto digest = sum.finish();
    patch.insert(patch.end(), digest.begin(), digest.end());
    return patch;
  }

 private:
  void put_line() {
    using ota::detail::copy_model;
    const std::uint32_t begin = last_.from;
    const std::uint32_t size = std::min(last_.left, copy_model::line_size);
    if (!model_.copy.code_line(coder_, line_differs(last_, size))) {
      for_line(last_, begin + size, [](const foretold_unit&, const std::uint8_t*) {});
      return;
    }
    for_line(last_, begin + size, [&](foretold_unit& unit, const std::uint8_t* wanted) {
      model_.copy.code_unit(coder_, space_, last_, unit, unit.bytes, wanted);
    });
  }

  bool line_differs(ota::detail::copy_place at, std::uint32_t size) const {
    bool differs = false;
    for_line(at, at.from + size, [&](const foretold_unit& unit, const std::uint8_t* wanted) {
      differs = differs || std::memcmp(unit.bytes, wanted, unit.length) != 0;
    });
    return differs;
  }

  template <class Visit>
  void for_line(ota::detail::copy_place& at, std::uint32_t end, Visit&& visit) const {
    while (at.left != 0 && at.from < end) {
      foretold_unit unit(space_, at, old_, true);
      const std::uint8_t* const wanted = new_.at(at.to);
      visit(unit, wanted);
      space_.pass(at, unit, wanted);
    }
  }

  std::vector<std::uint8_t> header_bytes() const {
    std::vector<std::uint8_t> out(std::begin(ota::detail::patch_magic),
                                  std::end(ota::detail::patch_magic));
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(header_.code) |
                                            static_cast<unsigned>(header_.rate - 4) << 4));
    out.push_back(static_cast<std::uint8_t>(header_.previous_bits | header_.position_bits << 4));
    out.push_back(header_.map_entries);
    out.push_back(static_cast<std::uint8_t>(header_.memory_units()));
    put_number(out, header_.old_size);
    put_number(out, header_.new_size);
    put_number(out, header_.lag + 1);
    if (header_.code != code_kind::plain)
      for (const std::uint32_t number : {header_.base, header_.around_before, header_.around_behind,
                                         header_.data_begin, header_.data_size})
        put_number(out, number);
    out.insert(out.end(), std::begin(header_.old_hash), std::end(header_.old_hash));
    out.insert(out.end(), std::begin(header_.new_hash), std::end(header_.new_hash));
    return out;
  }

  static void put_number(std::vector<std::uint8_t>& out, std::uint32_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
    out.push_back(static_cast<std::uint8_t>(value));
  }

  const patch_header& header_;
  const Space& space_;
  const padded_bytes& old_;
  const padded_bytes& new_;
  range_encoder coder_;
  ota::detail::patch_model<patch_header::max_literal_bits> model_{};
  ota::detail::copy_place last_;
  std::uint32_t made_ = 0;
};

}  // namespace ota::host
