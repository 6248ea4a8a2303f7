#pragma once

#include <cstdint>
#include <type_traits>

#include "error.hpp"

namespace ota {

/// A value, or the `error` that stands in its place. Everything that can fail returns one; the
/// compiler warns when it is ignored.
///
/// `T` must be default constructible; value and error are kept side by side, which on small
/// targets costs less code than a union with managed lifetimes. The error must be a constant that
/// stays: a temporary one does not compile.
template <class T, class = void>
class [[nodiscard]] result {
 public:
  using value_type = T;

  constexpr result(const T& value) : value_(value) {}
  constexpr result(const ota::error& failure) : error_(&failure) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  /// True when there is a value.
  constexpr explicit operator bool() const { return error_ == nullptr; }
  constexpr bool has_value() const { return error_ == nullptr; }

  constexpr const T& value() const { return value_; }
  constexpr T& value() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr T& operator*() { return value_; }
  constexpr const T* operator->() const { return &value_; }
  constexpr T* operator->() { return &value_; }
  constexpr T value_or(const T& other) const { return has_value() ? value_ : other; }

  /// The failure; `no_error` when there is a value.
  constexpr const ota::error& error() const { return error_ == nullptr ? no_error : *error_; }

 private:
  T value_{};
  const ota::error* error_ = nullptr;
};

/// Success without a value, or an `error`. One machine word.
template <>
class [[nodiscard]] result<void, void> {
 public:
  using value_type = void;

  constexpr result() = default;
  constexpr result(const ota::error& failure) : error_(&failure) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  constexpr explicit operator bool() const { return error_ == nullptr; }
  constexpr bool has_value() const { return error_ == nullptr; }
  constexpr const ota::error& error() const { return error_ == nullptr ? no_error : *error_; }

 private:
  const ota::error* error_ = nullptr;
};

/// A yes or no, an enumerator of one byte, or an `error`. One machine word: what most steps return,
/// kept in one register.
template <class T>
class [[nodiscard]] result<
    T, std::enable_if_t<std::is_same_v<T, bool> || (std::is_enum_v<T> && sizeof(T) == 1)>> {
 public:
  using value_type = T;

  constexpr result(T value) : word_(encode(value)) {}
  result(const ota::error& failure) : word_(reinterpret_cast<std::uintptr_t>(&failure)) {}
  result(ota::error&&) = delete;
  result(const ota::error&&) = delete;

  constexpr explicit operator bool() const { return has_value(); }
  constexpr bool has_value() const { return is_bool ? word_ <= 1 : (word_ & 1) != 0; }
  constexpr T value() const { return static_cast<T>(is_bool ? word_ : word_ >> 1); }
  constexpr T operator*() const { return value(); }
  constexpr T value_or(T other) const { return has_value() ? value() : other; }
  const ota::error& error() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): what went in as an address comes out as one
    return has_value() ? no_error : *reinterpret_cast<const ota::error*>(word_);
  }

 private:
  // No error lies at address 0, nor at an odd one.
  static_assert(alignof(ota::error) % 2 == 0);
  static constexpr bool is_bool = std::is_same_v<T, bool>;
  static constexpr std::uintptr_t encode(T value) {
    const std::uintptr_t number = static_cast<std::uint8_t>(value);
    return is_bool ? number : number * 2 + 1;
  }

  std::uintptr_t word_;
};

/// What a step says that did something: that there is more to do, or why it failed.
inline result<bool> more_after(const result<void>& done) {
  return done ? result<bool>(true) : done.error();
}

}  // namespace ota
