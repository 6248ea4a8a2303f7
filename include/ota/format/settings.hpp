#pragma once

#include <initializer_list>
#include <type_traits>

#include "../core/text.hpp"
#include "../hash/crc32.hpp"
#include "config.hpp"

namespace ota {
namespace detail {

/// A sum over the settings that decide what a version's plan holds.
constexpr std::uint32_t settings_sum(const config& settings) {
  crc32 sum;
  for (const std::string_view* text :
       {&settings.api, &settings.raw, &settings.owner, &settings.repo, &settings.channel,
        &settings.branch, &settings.tag, &settings.manifest_key, &settings.trusted_root,
        &settings.product, &settings.hardware}) {
    sum.update(*text);
    sum.update("\n"sv);
  }
  for (const auto* list : {&settings.allow, &settings.ignore, &settings.delete_patterns}) {
    for (const std::string_view& text : *list) {
      sum.update(text);
      sum.update("\n"sv);
    }
    sum.update("\n"sv);
  }
  sum.update(settings.allow_links ? "links\n"sv : "\n"sv);
  return sum.value();
}

}  // namespace detail

// What acts by the settings derives from one of these two, its parameter `Settings`, and finds them
// as `settings_`.

/// Settings that a device is told when it starts. They, and the texts they view, must outlive what
/// was made with them.
class told_settings {
 public:
  told_settings() = delete;
  told_settings(const config& settings) : settings_(settings) {}

  /// For what is made with a `config`.
  operator const config&() const { return settings_; }

  /// Whether a list of the settings may have something in it.
  static constexpr bool may_have(list_view<std::string_view> config::*) { return true; }

 protected:
  bool follows_release() const { return ota::follows_release(settings_); }
  std::string_view web_base() const { return ota::web_base(settings_); }
  std::uint32_t sum() const { return detail::settings_sum(settings_); }
  template <std::string_view config::*Text>
  const std::string_view& text() const {
    return settings_.*Text;
  }

  const config& settings_;
};

/// Settings that are known when the program is compiled: what they switch off is not built.
template <const config& Known>
class known_settings {
 public:
  /// For what is made with a `config`.
  operator const config&() const { return Known; }

  /// Whether a list of the settings has something in it.
  static constexpr bool may_have(list_view<std::string_view> config::*list) {
    return !(Known.*list).empty();
  }

 protected:
  static constexpr bool follows_release() {
    constexpr bool known = ota::follows_release(Known);
    return known;
  }
  static constexpr std::string_view web_base() {
    constexpr std::string_view known = ota::web_base(Known);
    return known;
  }
  static constexpr std::uint32_t sum() {
    constexpr std::uint32_t known = detail::settings_sum(Known);
    return known;
  }
  // By its value, so that nothing refers to the settings as a whole, and they are not linked.
  template <std::string_view config::*Text>
  static constexpr std::string_view text() {
    constexpr std::string_view known = Known.*Text;
    return known;
  }

  static constexpr const config& settings_ = Known;
};

namespace detail {

template <class Policies, class = void>
struct settings_type {
  using named = void;
};
template <class Policies>
struct settings_type<Policies, std::void_t<decltype(Policies::settings)>> {
  using named = decltype(Policies::settings);
};

template <class Policies, class Named = typename settings_type<Policies>::named>
struct settings_of {
  using type = told_settings;
};
template <class Policies>
struct settings_of<Policies, const config> {
  using type = known_settings<Policies::settings>;
};

// Also where a device names none.
template <class Policies>
constexpr bool are_valid() {
  if constexpr (std::is_same_v<typename settings_type<Policies>::named, const config>)
    return validate(Policies::settings).has_value();
  return true;
}

}  // namespace detail

/// Where a device has its settings from: known ones where it names them,
/// `static constexpr ota::config settings`.
template <class Policies>
using settings_of = typename detail::settings_of<Policies>::type;

/// Checks the settings that a device names, if it does.
template <class Policies>
struct check_settings {
  using named = typename detail::settings_type<Policies>::named;
  static_assert(std::is_void_v<named> || std::is_same_v<named, const config>,
                "the settings that a device names must be a static constexpr ota::config");

  static_assert(detail::are_valid<Policies>(),
                "the settings that the device names are not valid: see what ota::validate checks");
  static constexpr bool ok = true;
};

}  // namespace ota
