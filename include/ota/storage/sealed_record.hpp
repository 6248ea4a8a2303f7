#pragma once

#include <cstring>
#include <type_traits>

#include "../hash/crc32.hpp"
#include "atomic_file.hpp"
#include "layout.hpp"

namespace ota::detail {

// What the library keeps of itself on storage: the bytes of `Record` as this machine has them, and
// a CRC-32. `Record::format` is a number that changes with the meaning of those bytes.

inline std::uint32_t seal_of(const bytes& record, std::uint32_t format) {
  crc32 sum;
  sum.update(record);
  return sum.value() ^ format;
}

/// Puts the seal of a record of `size` bytes behind it.
inline void put_seal(std::uint8_t* record, std::size_t size, std::uint32_t format) {
  const std::uint32_t seal = seal_of({record, size}, format);
  std::memcpy(record + size, &seal, sizeof seal);
}

/// Writes a record and its seal to `sizeof(Record) + 4` bytes.
template <class Record>
void seal_record(const Record& value, std::uint8_t* out) {
  static_assert(
      std::is_trivially_copyable_v<Record> && std::has_unique_object_representations_v<Record>,
      "a record must be plain data without gaps");
  std::memcpy(out, &value, sizeof value);
  put_seal(out, sizeof value, Record::format);
}

/// Puts a record in the place of the one at `path`.
template <class Storage, class Record>
result<void> store_record(Storage& storage, const std::string_view& path, const Record& value) {
  std::uint8_t record[sizeof value + 4];
  seal_record(value, record);
  return write_atomically(storage, path, layout::temporary, record);
}

/// Reads a record with its seal; false when there is none, or none that is whole.
template <class Storage>
result<bool> read_sealed(Storage& storage, const std::string_view& path, std::uint32_t format,
                         mutable_bytes record) {
  const auto size = storage.read(path, 0, record);
  if (!size) return size.error().code == errc::not_found ? result<bool>(false) : size.error();
  if (*size != record.size()) return false;
  const std::size_t end = record.size() - sizeof(std::uint32_t);
  const std::uint32_t seal = seal_of({record.data(), end}, format);
  return std::memcmp(record.data() + end, &seal, sizeof seal) == 0;
}

/// False when there is none, or none that is whole; `value` is untouched then.
template <class Storage, class Record>
result<bool> load_record(Storage& storage, const std::string_view& path, Record& value) {
  std::uint8_t record[sizeof value + 4];
  const auto whole = read_sealed(storage, path, Record::format, record);
  if (whole.value_or(false)) std::memcpy(&value, record, sizeof value);
  return whole;
}

}  // namespace ota::detail
