#pragma once

#include "../core/fixed_string.hpp"
#include "../core/result.hpp"
#include "../format/config.hpp"
#include "../manifest/entry.hpp"

namespace ota {

template <class Storage, class Trust>
class manifest_lister {
 public:
  manifest_lister(Storage&, const config&) {}
  void begin() {}
  std::string_view subject() const { return {}; }
  void take_version(fixed_string<128>&) {}
  template <class Http, class Source>
  result<bool> step(Http&, Source&, mutable_bytes, std::uint64_t) {
    return false;
  }
};
template <class Trust>
struct manifest_deletes {
  void begin() {}
  template <class Storage>
  result<bool> next(Storage&, mutable_bytes, fixed_string<max_path>&) {
    return false;
  }
};

}  // namespace ota
