#pragma once

#include <type_traits>

#include "config.hpp"

namespace ota {

/// Settings that a device is told when it starts. They, and the texts they view, must outlive what
/// was made with them.
class told_settings {
 public:
  told_settings(const config& settings) : settings_(settings) {}
  operator const config&() const { return settings_; }

  /// Whether a list of the settings may have something in it.
  static constexpr bool may_have(list_view<std::string_view> config::*) { return true; }

 protected:
  const config& settings_;
};

/// Settings that are known when the program is compiled: what they switch off is not built.
template <const config& Known>
class known_settings {
 public:
  operator const config&() const { return Known; }

  static constexpr bool may_have(list_view<std::string_view> config::*list) {
    return !(Known.*list).empty();
  }

 protected:
  static constexpr const config& settings_ = Known;
};

namespace detail {

template <class Policies, class = void>
struct settings_of {
  using type = told_settings;
};
template <class Policies>
struct settings_of<Policies, std::void_t<decltype(Policies::settings)>> {
  using type = known_settings<Policies::settings>;
};

}  // namespace detail

/// Where a device has its settings from: known ones where it names them,
/// `static constexpr ota::config settings`.
template <class Policies>
using settings_of = typename detail::settings_of<Policies>::type;

}  // namespace ota
