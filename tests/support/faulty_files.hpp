#pragma once

#include <ostream>
#include <utility>

#include "ota/storage/memory_files.hpp"

namespace ota_test {

inline constexpr ota::error storage_full{ota::errc::no_space, "fault", "the storage is full"};
inline constexpr ota::error storage_fails{ota::errc::storage, "fault",
                                          "the storage does not answer"};

/// What a failing operation has done all the same.
enum class effect { none, half, whole };

/// When storage fails, and how.
struct fault {
  const ota::error* failure = &storage_fails;
  effect done = effect::none;
  bool lasting = false;  // every later operation that writes fails as well
};

inline std::ostream& operator<<(std::ostream& out, const fault& one) {
  const char* const done[] = {"nothing done", "half done", "all done"};
  return out << one.failure->text << ", " << done[static_cast<int>(one.done)]
             << (one.lasting ? ", lasting" : "");
}

/// Files in memory of which one operation fails.
class faulty_files {
 public:
  using files = ota::memory_files<32768>;

  explicit faulty_files(const files& content) : files_(content) {}

  /// Operation `number` from now on, counted from 1, fails.
  void fail_at(long number, const fault& how) {
    how_ = how;
    countdown_ = number;
    happened_ = false;
  }
  void heal() {
    countdown_ = 0;
    how_.lasting = false;
  }
  bool happened() const { return happened_; }
  const files& content() const { return files_; }

  ota::result<ota::file_info> stat(std::string_view path) {
    if (fails(false)) return *how_.failure;
    return files_.stat(path);
  }
  ota::result<std::size_t> read(std::string_view path, std::uint64_t offset,
                                ota::mutable_bytes out) {
    if (fails(false)) return *how_.failure;
    return files_.read(path, offset, out);
  }
  ota::result<void> write(std::string_view path, std::uint64_t offset, ota::bytes data) {
    if (!fails(true)) return files_.write(path, offset, data);
    if (how_.done == effect::half) (void)files_.write(path, offset, data.first(data.size() / 2));
    if (how_.done == effect::whole) (void)files_.write(path, offset, data);
    return *how_.failure;
  }
  ota::result<void> rename(std::string_view from, std::string_view to) {
    if (!fails(true)) return files_.rename(from, to);
    if (how_.done == effect::whole) (void)files_.rename(from, to);
    return *how_.failure;
  }
  ota::result<void> remove(std::string_view path) {
    if (!fails(true)) return files_.remove(path);
    if (how_.done == effect::whole) (void)files_.remove(path);
    return *how_.failure;
  }
  ota::result<void> sync() {
    if (fails(true)) return *how_.failure;
    return files_.sync();
  }
  ota::result<std::uint64_t> free_space() {
    if (fails(false)) return *how_.failure;
    return files_.free_space();
  }
  template <class Visit>
  ota::result<void> list(std::string_view directory, Visit&& visit) {
    if (fails(false)) return *how_.failure;
    return files_.list(directory, std::forward<Visit>(visit));
  }
  ota::result<void> set_executable(std::string_view path, bool on) {
    if (!fails(true)) return files_.set_executable(path, on);
    if (how_.done == effect::whole) (void)files_.set_executable(path, on);
    return *how_.failure;
  }

 private:
  bool fails(bool writes) {
    if (countdown_ != 0 && --countdown_ == 0) return happened_ = true;
    return happened_ && how_.lasting && writes;
  }

  files files_;
  fault how_;
  long countdown_ = 0;
  bool happened_ = false;
};

}  // namespace ota_test
