#pragma once

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

/// Settings that a device is told when it starts. They, and the texts they view, must outlive what
/// was made with them.
class told_settings {
 public:
  told_settings(const config& settings) : settings_(settings) {}
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
  static_assert(validate(Known).has_value(),
                "the settings that the device names are not valid: see what ota::validate checks");

 public:
  operator const config&() const { return Known; }

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
