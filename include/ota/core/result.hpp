#pragma once

#include "error.hpp"

namespace ota {

/// A value, or the `error` that stands in its place. Everything that can fail
/// returns one; the compiler warns when it is ignored.
///
/// `T` must be default constructible; both members are kept side by side, which
/// on small targets costs less code than a union with managed lifetimes.
template <class T>
class [[nodiscard]] result {
 public:
  using value_type = T;

  constexpr result(const T& value) : value_(value) {}
  constexpr result(const error& failure) : error_(failure) {}

  /// True when there is a value.
  constexpr explicit operator bool() const { return error_.code == errc::none; }
  constexpr bool has_value() const { return error_.code == errc::none; }

  constexpr const T& value() const { return value_; }
  constexpr T& value() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr T& operator*() { return value_; }
  constexpr const T* operator->() const { return &value_; }
  constexpr T* operator->() { return &value_; }
  constexpr T value_or(const T& other) const { return has_value() ? value_ : other; }

  /// The failure; its code is `errc::none` when there is a value.
  constexpr const ota::error& error() const { return error_; }

 private:
  T value_{};
  ota::error error_{};
};

/// Success without a value, or an `error`.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  constexpr result() = default;
  constexpr result(const error& failure) : error_(failure) {}

  constexpr explicit operator bool() const { return error_.code == errc::none; }
  constexpr bool has_value() const { return error_.code == errc::none; }
  constexpr const ota::error& error() const { return error_; }

 private:
  ota::error error_{};
};

}  // namespace ota
