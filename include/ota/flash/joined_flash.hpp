#pragma once

#include <utility>

#include "flash_policy.hpp"

namespace ota {
namespace detail {

template <std::size_t A, std::size_t B>
constexpr flash_geometry<A + B> joined_geometry(const flash_geometry<A>& first,
                                                const flash_geometry<B>& second) {
  flash_geometry<A + B> both{};
  for (std::size_t i = 0; i < A; ++i) both.runs[i] = first.runs[i];
  for (std::size_t i = 0; i < B; ++i) both.runs[A + i] = second.runs[i];
  both.program_size =
      first.program_size > second.program_size ? first.program_size : second.program_size;
  both.erased = first.erased;
  both.reprograms = first.reprograms && second.reprograms;
  both.endurance = first.endurance < second.endurance ? first.endurance : second.endurance;
  return both;
}

}  // namespace detail

/// Two flashes as one: `Second` begins where `First` ends, such as a NOR flash on SPI behind the
/// internal one. What may differ, the weaker of both decides.
template <class First, class Second>
class joined_flash : private check_flash<First>, private check_flash<Second> {
 public:
  static_assert(First::geometry.erased == Second::geometry.erased,
                "joined flashes must have the same erased value");
  static_assert(First::geometry.size() + Second::geometry.size() > First::geometry.size(),
                "joined flashes must have less than 4 GiB");

  static constexpr auto geometry = detail::joined_geometry(First::geometry, Second::geometry);

  joined_flash() = default;
  joined_flash(First&& first, Second&& second)
      : first_(std::move(first)), second_(std::move(second)) {}

  First& first() { return first_; }
  Second& second() { return second_; }

  result<void> read(std::uint32_t address, mutable_bytes out) {
    const std::uint32_t inside = before_border(address);
    if (inside == 0) return second_.read(address - border, out);
    if (auto done = first_.read(address, out.first(inside)); !done || out.size() <= inside)
      return done;
    return second_.read(0, out.drop(inside));
  }

  result<void> program(std::uint32_t address, bytes data) {
    const std::uint32_t inside = before_border(address);
    if (inside == 0) return second_.program(address - border, data);
    if (auto done = first_.program(address, data.first(inside)); !done || data.size() <= inside)
      return done;
    return second_.program(0, data.drop(inside));
  }

  result<void> erase(std::uint32_t address) {
    return before_border(address) == 0 ? second_.erase(address - border) : first_.erase(address);
  }

 private:
  static constexpr std::uint32_t border = First::geometry.size();

  static constexpr std::uint32_t before_border(std::uint32_t address) {
    return address < border ? border - address : 0;
  }

  First first_{};
  Second second_{};
};

}  // namespace ota
