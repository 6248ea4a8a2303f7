#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../storage/file_storage.hpp"

namespace ota::testing {

/// One operation that changes a storage.
struct storage_operation {
  enum class kind { write, rename, remove, set_executable, sync };

  kind what = kind::sync;
  std::string path;
  std::string to;            ///< of a rename
  std::uint64_t offset = 0;  ///< of a write
  std::string data;          ///< of a write
  bool executable = false;

  /// For a message: "write a.txt at 0, 12 bytes".
  std::string describe() const {
    switch (what) {
      case kind::write:
        return "write " + path + " at " + std::to_string(offset) + ", " +
               std::to_string(data.size()) + " bytes";
      case kind::rename:
        return "rename " + path + " to " + to;
      case kind::remove:
        return "remove " + path;
      case kind::set_executable:
        return "set_executable " + path;
      case kind::sync:
        return "sync";
    }
    return "";
  }
};

/// Does an operation on a storage, of a write only the first `part` bytes. What cannot be done
/// because an operation before it was lost is left out, as on a real storage; a write whose
/// earlier bytes were lost leaves zeros in their place.
template <class Storage>
void apply(Storage& storage, const storage_operation& one, std::size_t part = SIZE_MAX) {
  using kind = storage_operation::kind;
  const auto as_bytes_of = [](const std::string& text) {
    return bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  switch (one.what) {
    case kind::write: {
      const auto there = storage.stat(one.path);
      std::uint64_t size = there ? there->size : 0;
      if (one.offset != 0 && size < one.offset) {
        if (there && there->kind == file_kind::none) (void)storage.write(one.path, 0, {});
        const std::string zeros(static_cast<std::size_t>(one.offset - size), '\0');
        (void)storage.write(one.path, size, as_bytes_of(zeros));
        size = one.offset;
      }
      if (one.offset == 0 || size == one.offset)
        (void)storage.write(one.path, one.offset, as_bytes_of(one.data).first(part));
      break;
    }
    case kind::rename:
      (void)storage.rename(one.path, one.to);
      break;
    case kind::remove:
      (void)storage.remove(one.path);
      break;
    case kind::set_executable:
      if constexpr (keeps_modes<Storage>) (void)storage.set_executable(one.path, one.executable);
      break;
    case kind::sync:
      (void)storage.sync();
      break;
  }
}

/// A storage policy that does everything on another one, records and counts what changes it, and
/// can cut the power: from operation `cut_at(n)` on (counted from 0) nothing is done any more and
/// every call fails with `errc::power_cut`, until `reboot()`.
template <class Storage>
class power_cut_storage {
 public:
  explicit power_cut_storage(Storage& inner) : inner_(&inner) {}

  /// Cuts the power before operation `index`; of a write, the first `part` bytes are still done.
  void cut_at(std::size_t index, std::size_t part = 0) {
    cut_ = index;
    part_ = part;
  }
  void reboot() {
    cut_ = SIZE_MAX;
    is_cut_ = false;
  }
  bool is_cut() const { return is_cut_; }

  /// What was done, in order.
  const std::vector<storage_operation>& operations() const { return operations_; }

  Storage& inner() { return *inner_; }

  result<file_info> stat(std::string_view path) {
    if (is_cut_) return power_is_off;
    return inner_->stat(path);
  }
  result<std::size_t> read(std::string_view path, std::uint64_t offset, mutable_bytes out) {
    if (is_cut_) return power_is_off;
    return inner_->read(path, offset, out);
  }
  result<std::uint64_t> free_space() {
    if (is_cut_) return power_is_off;
    return inner_->free_space();
  }
  template <class Visit>
  result<void> list(std::string_view directory, Visit&& visit) {
    if (is_cut_) return power_is_off;
    return inner_->list(directory, std::forward<Visit>(visit));
  }

  result<void> write(std::string_view path, std::uint64_t offset, bytes data) {
    storage_operation one;
    one.what = storage_operation::kind::write;
    one.path = path;
    one.offset = offset;
    one.data.assign(reinterpret_cast<const char*>(data.data()), data.size());
    if (!record(std::move(one))) return power_is_off;
    return inner_->write(path, offset, data);
  }
  result<void> rename(std::string_view from, std::string_view to) {
    storage_operation one;
    one.what = storage_operation::kind::rename;
    one.path = from;
    one.to = to;
    if (!record(std::move(one))) return power_is_off;
    return inner_->rename(from, to);
  }
  result<void> remove(std::string_view path) {
    storage_operation one;
    one.what = storage_operation::kind::remove;
    one.path = path;
    if (!record(std::move(one))) return power_is_off;
    return inner_->remove(path);
  }
  result<void> sync() {
    if (!record({})) return power_is_off;
    return inner_->sync();
  }
  template <class S = Storage>
  auto set_executable(std::string_view path, bool executable)
      -> decltype(std::declval<S&>().set_executable(path, executable)) {
    storage_operation one;
    one.what = storage_operation::kind::set_executable;
    one.path = path;
    one.executable = executable;
    if (!record(std::move(one))) return power_is_off;
    return inner_->set_executable(path, executable);
  }

 private:
  static constexpr error power_is_off{errc::power_cut, "power cut", "the power is off"};

  bool record(storage_operation&& one) {
    if (is_cut_) return false;
    if (operations_.size() == cut_) {
      is_cut_ = true;
      if (part_ != 0) apply(*inner_, one, part_);
      return false;
    }
    operations_.push_back(std::move(one));
    return true;
  }

  Storage* inner_;
  std::vector<storage_operation> operations_;
  std::size_t cut_ = SIZE_MAX;
  std::size_t part_ = 0;
  bool is_cut_ = false;
};

}  // namespace ota::testing
