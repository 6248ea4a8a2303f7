#pragma once

#include <cstdint>
#include <cstring>

#include "../core/fixed_string.hpp"
#include "../core/little_endian.hpp"
#include "../hash/crc32.hpp"
#include "../hash/digest.hpp"
#include "../storage/file_storage.hpp"

namespace ota {

/// The longest path of a managed file, in bytes.
inline constexpr std::size_t max_path = 255;

/// What an entry of a list stands for.
enum class entry_kind : std::uint8_t {
  file,       ///< a file of the version
  keep,       ///< as `file`, but its content is installed already and only its mode differs
  remove,     ///< a file the version no longer has
  directory,  ///< a directory of the source that is still to be listed
  image,      ///< a firmware image; its path is the image's name
  patch       ///< read of a manifest, never kept: a file of the release that makes another one
};

/// One line of what a version consists of.
struct entry {
  entry_kind kind = entry_kind::file;
  bool executable = false;
  bool has_size = true;  ///< false: whoever promised the file did not say how long it is
  std::size_t size = 0;  ///< bytes
  digest hash;
  fixed_string<max_path> path;
};

namespace detail {

inline constexpr std::size_t entry_head_size = 12;
inline constexpr std::size_t max_entry_size = entry_head_size + 32 + max_path;

/// A size, in 8 bytes whatever the machine counts in.
inline void put_size(std::uint8_t* out, std::size_t size) {
  put_u32(out, static_cast<std::uint32_t>(size));
  put_u32(out + 4, static_cast<std::uint32_t>(std::uint64_t{size} >> 32));
}

inline std::size_t get_size(const std::uint8_t* in) {
  return static_cast<std::size_t>(get_u32(in) | std::uint64_t{get_u32(in + 4)} << 32);
}

/// Writes an entry as bytes: kind | flags, digest kind, path length, size, digest, path.
inline std::size_t encode_entry(const entry& value, std::uint8_t* out) {
  const bytes hash = value.hash.view();
  const std::string_view path = value.path;
  out[0] =
      static_cast<std::uint8_t>(static_cast<unsigned>(value.kind) |
                                (value.executable ? 0x10u : 0u) | (value.has_size ? 0x20u : 0u));
  out[1] = static_cast<std::uint8_t>(value.hash.kind);
  out[2] = static_cast<std::uint8_t>(path.size());
  out[3] = 0xa5;  // finds a reader that has lost its place
  put_size(out + 4, value.size);
  std::uint8_t* const rest = out + entry_head_size;
  std::memcpy(rest, hash.data(), hash.size());
  std::memcpy(rest + hash.size(), path.data(), path.size());
  return entry_head_size + hash.size() + path.size();
}

/// Reads an entry back; the bytes it took, or 0 when `in` does not begin with a whole one.
inline std::size_t decode_entry(bytes in, entry& value) {
  const std::uint8_t* const head = in.data();
  if (in.size() < entry_head_size || head[3] != 0xa5) return 0;
  const unsigned kind = head[0] & 0x0fu;
  const unsigned hash_kind = head[1];
  if (kind > 4 || hash_kind > 3) return 0;
  value.kind = static_cast<entry_kind>(kind);
  value.executable = (head[0] & 0x10) != 0;
  value.has_size = (head[0] & 0x20) != 0;
  value.hash.kind = static_cast<digest_kind>(hash_kind);
  value.size = get_size(head + 4);
  const std::size_t hash_size = value.hash.view().size();
  const std::size_t path_size = head[2];
  const std::size_t total = entry_head_size + hash_size + path_size;
  if (in.size() < total) return 0;
  const std::uint8_t* const hash = head + entry_head_size;
  std::memcpy(value.hash.value, hash, hash_size);
  value.path.assign(as_text({hash + hash_size, path_size}));
  return total;
}

}  // namespace detail

/// Adds an entry to the list at `path`, which has `size` bytes, without gathering.
template <class Storage>
result<void> append_entry(Storage& storage, const std::string_view& path, std::uint32_t& size,
                          const entry& value) {
  std::uint8_t record[detail::max_entry_size];
  const std::size_t added = detail::encode_entry(value, record);
  if (auto done = storage.write(path, size, {record, added}); !done) return done;
  size += static_cast<std::uint32_t>(added);
  return {};
}

/// Writes a list of entries to a file, gathering small entries into few writes.
class entry_writer {
 public:
  /// Begins the list at `path`, a literal; what was there is replaced.
  void begin(const std::string_view& path) {
    path_ = path;
    flushed_ = 0;
    used_ = 0;
    count_ = 0;
    sum_ = {};
  }

  /// Goes on with a list that has `size` bytes on storage already.
  void resume(const std::string_view& path, std::uint32_t size) {
    begin(path);
    flushed_ = size;
  }

  template <class Storage>
  result<void> add(Storage& storage, const entry& value) {
    if (used_ > sizeof buffer_ - detail::max_entry_size)
      if (auto done = flush(storage); !done) return done;
    used_ = static_cast<std::uint16_t>(used_ + detail::encode_entry(value, buffer_ + used_));
    ++count_;
    return {};
  }

  /// Writes what is still gathered; an empty list becomes an empty file.
  template <class Storage>
  result<void> flush(Storage& storage) {
    if (used_ == 0 && flushed_ != 0) return {};
    const bytes gathered(buffer_, used_);
    if (auto done = storage.write(path_, flushed_, gathered); !done) return done;
    sum_.update(gathered);
    flushed_ += used_;
    used_ = 0;
    return {};
  }

  std::uint32_t count() const { return count_; }           ///< entries so far
  std::uint32_t size() const { return flushed_ + used_; }  ///< bytes so far
  std::uint32_t sum() const { return sum_.value(); }       ///< CRC-32 of what was flushed

 private:
  std::string_view path_;
  std::uint32_t flushed_ = 0;
  std::uint32_t count_ = 0;
  crc32 sum_;
  std::uint16_t used_ = 0;
  std::uint8_t buffer_[384];
};

/// Reads a list of entries from a file, one at a time.
class entry_reader {
 public:
  /// Begins at the first entry, or at one whose `offset()` is known.
  void begin(const std::string_view& path, std::uint32_t offset = 0) {
    path_ = path;
    offset_ = offset;
    sum_ = {};
  }

  /// Where the next entry begins.
  std::uint32_t offset() const { return offset_; }

  /// CRC-32 of what was read.
  std::uint32_t sum() const { return sum_.value(); }

  /// Fills `value` with the next entry; false at the end of the list or when there is no list.
  template <class Storage>
  result<bool> next(Storage& storage, entry& value) {
    std::uint8_t buffer[detail::max_entry_size];
    const auto size = storage.read(path_, offset_, buffer);
    if (!size) {
      if (size.error().code == errc::not_found) return false;
      return size.error();
    }
    if (*size == 0) return false;
    const std::size_t taken = detail::decode_entry({buffer, *size}, value);
    if (taken == 0) return damaged_list;
    sum_.update({buffer, taken});
    offset_ += static_cast<std::uint32_t>(taken);
    return true;
  }

 private:
  static constexpr error damaged_list{errc::damaged, "list",
                                      "a list kept on storage is damaged; it will be made anew"};

  std::string_view path_;
  std::uint32_t offset_ = 0;
  crc32 sum_;
};

}  // namespace ota
