#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "../delta/patch_header.hpp"
#include "../delta/patch_model.hpp"
#include "../hash/crc32.hpp"
#include "leb128.hpp"
#include "program_form.hpp"
#include "range_encoder.hpp"
#include "shift_votes.hpp"

namespace ota::host {

/// Writes the bytes of a patch: header, address map, steps, and a CRC-32 over all of it. Of several
/// ways to code it, which is all that their headers differ in, it takes the shortest: what is to be
/// coded is found out once.
class patch_encoder {
 public:
  /// \param headers    of the same files and addresses
  /// \param stretches  of the address map
  patch_encoder(const std::vector<patch_header>& headers,
                const std::vector<address_stretch>& stretches, const padded_bytes& old_file,
                const padded_bytes& new_file)
      : ways_(headers.begin(), headers.end()),
        space_(ways_.front().header, map_),
        old_(old_file),
        new_(new_file) {
    for (way& one : ways_) {
      map_ = {};
      for (const address_stretch& s : stretches)
        one.model.code_stretch(one.coder, map_, s.begin, s.shift);
      one.model.end_map();
    }
  }
  patch_encoder(const patch_encoder&) = delete;
  patch_encoder& operator=(const patch_encoder&) = delete;

  void put(const ota::detail::patch_op& op) {
    const std::uint8_t before = made_ == 0 ? std::uint8_t{0} : new_[made_ - 1];
    for (way& one : ways_) one.model.code(one.coder, one.header, last_, made_, before, op);
    if (op.kind == ota::detail::patch_op::kind_of::from_old) {
      last_.start(op.from, made_, op.length);
      while (last_.left != 0) put_line();
    }
    made_ += op.length;
  }

  /// The shortest patch; of several, the one of the first header.
  std::vector<std::uint8_t> finish() {
    std::vector<std::uint8_t> shortest;
    for (way& one : ways_) {
      std::vector<std::uint8_t> patch = patch_of(one);
      if (shortest.empty() || patch.size() < shortest.size()) shortest = std::move(patch);
    }
    return shortest;
  }

 private:
  struct way {
    explicit way(const patch_header& its) : header(its), coder(its.rate) {}
    patch_header header;
    range_encoder coder;
    ota::detail::patch_model<patch_header::max_literal_bits> model{};
  };

  void put_line() {
    using ota::detail::copy_model;
    const std::uint32_t end = last_.from + std::min(last_.left, copy_model::line_size);
    ota::detail::copy_place behind = last_;
    const bool differs = line_differs(behind, end);
    for (way& one : ways_) one.model.copy.code_line(one.coder, differs);
    if (!differs) {
      last_ = behind;
      return;
    }
    for_line(last_, end, [&](const foretold_unit& unit, const std::uint8_t* wanted) {
      for (way& one : ways_) {
        foretold_unit coded = unit;
        one.model.copy.code_unit(one.coder, space_, last_, coded, coded.bytes, wanted);
      }
    });
  }

  /// Goes through a line; says whether any of it is not as foretold.
  bool line_differs(ota::detail::copy_place& at, std::uint32_t end) const {
    bool differs = false;
    for_line(at, end, [&](const foretold_unit& unit, const std::uint8_t* wanted) {
      differs = differs || std::memcmp(unit.bytes, wanted, unit.length) != 0;
    });
    return differs;
  }

  template <class Visit>
  void for_line(ota::detail::copy_place& at, std::uint32_t end, Visit&& visit) const {
    while (at.left != 0 && at.from < end) {
      const foretold_unit unit(space_, at, old_, true);
      const std::uint8_t* const wanted = new_.at(at.to);
      visit(unit, wanted);
      space_.pass(at, unit, wanted);
    }
  }

  static std::vector<std::uint8_t> patch_of(way& one) {
    std::vector<std::uint8_t> patch = bytes_of(one.header);
    const std::vector<std::uint8_t> body = one.coder.finish();
    patch.insert(patch.end(), body.begin(), body.end());
    crc32 sum;
    sum.update({patch.data(), patch.size()});
    const auto digest = sum.finish();
    patch.insert(patch.end(), digest.begin(), digest.end());
    return patch;
  }

  static std::vector<std::uint8_t> bytes_of(const patch_header& header) {
    std::vector<std::uint8_t> out(std::begin(ota::detail::patch_magic),
                                  std::end(ota::detail::patch_magic));
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(header.code) |
                                            static_cast<unsigned>(header.rate - 4) << 4));
    out.push_back(static_cast<std::uint8_t>(header.previous_bits | header.position_bits << 4));
    out.push_back(header.map_entries);
    out.push_back(static_cast<std::uint8_t>(header.memory_units()));
    append_leb128(out, header.old_size);
    append_leb128(out, header.new_size);
    append_leb128(out, header.lag + 1);
    if (header.code != code_kind::plain)
      for (const std::uint32_t number : {header.base, header.around_before, header.around_behind,
                                         header.data_begin, header.data_size})
        append_leb128(out, number);
    out.insert(out.end(), std::begin(header.old_hash), std::end(header.old_hash));
    out.insert(out.end(), std::begin(header.new_hash), std::end(header.new_hash));
    return out;
  }

  std::vector<way> ways_;
  program_map map_{};
  program_space space_;
  const padded_bytes& old_;
  const padded_bytes& new_;
  ota::detail::copy_place last_;
  std::uint32_t made_ = 0;
};

}  // namespace ota::host
