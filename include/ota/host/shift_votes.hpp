#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

namespace ota::host {

/// From `begin` on, everything has moved by `shift`.
struct address_stretch {
  std::uint32_t begin = 0;
  std::uint32_t shift = 0;
};

/// Gathers how far single addresses have moved, and finds the few stretches that tell it best.
class shift_votes {
 public:
  static constexpr double wrong_price = 13;  ///< bits, for an address that is not foretold

  void add(std::uint32_t address, std::uint32_t shift) { votes_.push_back({address, shift}); }

  /// At most so many stretches, those that spare most.
  std::vector<address_stretch> stretches(std::size_t most) {
    put_in_order();
    solution found;
    for (double price = usual_price; found = cheapest(price), found.stretches.size() > most;)
      price *= 1.2;
    return std::move(found.stretches);
  }

  /// What stretches and the votes against them cost, in bits, about.
  double cost() {
    put_in_order();
    return cheapest(usual_price).cost;
  }

 private:
  static constexpr double usual_price = 26;  // bits, for a stretch
  static constexpr std::size_t nothing = std::numeric_limits<std::size_t>::max();

  struct vote {
    std::uint32_t address;
    std::uint32_t shift;
  };
  /// A stretch of a way that may turn out the cheapest.
  struct piece {
    address_stretch stretch;
    std::size_t before;
  };
  /// The cheapest way that ends with a shift. Costs are kept relative to a sum that all ways share,
  /// so that an address touches only the shifts it votes for.
  struct way {
    double cost;
    std::size_t last;
  };

  struct solution {
    double cost = 0;
    std::vector<address_stretch> stretches;
  };

  void put_in_order() {
    std::sort(votes_.begin(), votes_.end(), [](const vote& a, const vote& b) {
      return a.address != b.address ? a.address < b.address : a.shift < b.shift;
    });
  }

  solution cheapest(double stretch_price) const {
    std::vector<piece> pieces;
    std::unordered_map<std::uint32_t, way> ways{{0, {0, nothing}}};
    double shared = 0;
    way best{0, nothing};  // its cost is whole
    for (std::size_t i = 0; i < votes_.size();) {
      const std::size_t end = end_of_address(i);
      const double all_wrong = wrong_price * static_cast<double>(end - i);
      const way before = best;
      shared += all_wrong;
      best.cost += all_wrong;
      for (std::size_t next; i < end; i = next) {
        const std::uint32_t shift = votes_[i].shift;
        for (next = i; next < end && votes_[next].shift == shift;) ++next;
        const double right = wrong_price * static_cast<double>(next - i);
        const double turning = before.cost + stretch_price + all_wrong - right;
        const auto known = ways.find(shift);
        way now{turning, pieces.size()};
        if (known != ways.end() && known->second.cost + shared - right <= turning)
          now = {known->second.cost + shared - right, known->second.last};
        else
          pieces.push_back({{votes_[i].address, shift}, before.last});
        ways[shift] = {now.cost - shared, now.last};
        if (now.cost < best.cost) best = now;
      }
    }
    solution found{best.cost, {}};
    for (std::size_t at = best.last; at != nothing; at = pieces[at].before)
      found.stretches.push_back(pieces[at].stretch);
    std::reverse(found.stretches.begin(), found.stretches.end());
    return found;
  }

  std::size_t end_of_address(std::size_t i) const {
    const std::uint32_t address = votes_[i].address;
    while (i < votes_.size() && votes_[i].address == address) ++i;
    return i;
  }

  std::vector<vote> votes_;
};

}  // namespace ota::host
