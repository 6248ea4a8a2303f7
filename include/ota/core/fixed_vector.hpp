#pragma once

#include <cstddef>

namespace ota {

/// A list of at most `Capacity` values, kept in place.
template <class T, std::size_t Capacity>
class fixed_vector {
 public:
  using value_type = T;

  static constexpr std::size_t capacity() { return Capacity; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool full() const { return size_ == Capacity; }

  constexpr T& operator[](std::size_t i) { return values_[i]; }
  constexpr const T& operator[](std::size_t i) const { return values_[i]; }
  constexpr T& back() { return values_[size_ - 1]; }
  constexpr const T* data() const { return values_; }
  constexpr T* begin() { return values_; }
  constexpr T* end() { return values_ + size_; }
  constexpr const T* begin() const { return values_; }
  constexpr const T* end() const { return values_ + size_; }

  /// Adds a value at the end; false when the list is full.
  [[nodiscard]] constexpr bool push_back(const T& value) {
    if (full()) return false;
    values_[size_++] = value;
    return true;
  }

  constexpr void pop_back() { --size_; }
  constexpr void clear() { size_ = 0; }

 private:
  T values_[Capacity]{};
  std::size_t size_ = 0;
};

/// A view of values that somebody else owns.
template <class T>
class list_view {
 public:
  constexpr list_view() = default;
  constexpr list_view(const T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr list_view(const T (&array)[N]) : data_(array), size_(N) {}
  template <std::size_t N>
  constexpr list_view(const fixed_vector<T, N>& list) : data_(list.data()), size_(list.size()) {}

  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const T& operator[](std::size_t i) const { return data_[i]; }
  constexpr const T* begin() const { return data_; }
  constexpr const T* end() const { return data_ + size_; }

 private:
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ota
