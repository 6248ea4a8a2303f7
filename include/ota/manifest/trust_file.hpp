#pragma once

#include "../core/version_id.hpp"
#include "../storage/sealed_record.hpp"
#include "trust_context.hpp"

namespace ota {

/// What a device has seen of its maker's word, so that nothing older is taken for new.
struct trust_record {
  static constexpr std::uint32_t format = 1;

  std::uint32_t root_size = 0;     ///< bytes of the trusted root document
  std::uint32_t root_sum = 0;      ///< CRC-32 of it
  std::uint32_t root_version = 0;  ///< the newest that was ever trusted
  std::uint32_t anchor_sum = 0;    ///< CRC-32 of the root document that the device was made with
  std::uint32_t epoch = 0;         ///< of the newest release document, as the three below
  std::uint32_t counter = 0;
  std::uint64_t created = 0;
  std::uint64_t expires = ~std::uint64_t{0};
  version_id manifest{};  ///< the beginning of its SHA-256
  version_id source{};    ///< what names that version: the source's id, or `manifest`
};

/// The file `.ota/trust`: a `trust_record`, its seal, and the trusted root document. All of it is
/// replaced at once, so a power cut leaves the old or the new.
template <class Storage>
class trust_file {
 public:
  /// Where the root document begins in the file.
  static constexpr std::uint32_t root_offset = sizeof(trust_record) + 4;

  explicit trust_file(Storage& storage) : storage_(storage) {}

  /// Reads the record; one that is not there, or not whole, is that of a new device. False when the
  /// root document is not whole.
  result<bool> load(trust_record& record) {
    record = {};
    const auto found = detail::load_record(storage_, layout::trust, record);
    if (!found || !*found) return found;
    crc32 sum;
    const auto done = visit(layout::trust, root_offset, record.root_size,
                            [&sum](bytes piece) { sum.update(piece); });
    if (!done) return done.error();
    return sum.value() == record.root_sum && record.root_size != 0;
  }

  /// Replaces the record, and keeps the root document.
  result<void> store(const trust_record& record) {
    return replace(record, [this, &record](auto& out) {
      return copy(out, layout::trust, root_offset, record.root_size);
    });
  }

  /// Replaces both; the root document is `size` bytes at `offset` of another file.
  result<void> store(trust_record& record, std::string_view path, std::uint32_t offset,
                     std::uint32_t size) {
    crc32 sum;
    if (auto done = visit(path, offset, size, [&sum](bytes piece) { sum.update(piece); }); !done)
      return done;
    record.root_size = size;
    record.root_sum = sum.value();
    return replace(record, [&](auto& out) { return copy(out, path, offset, size); });
  }

  /// Replaces both; the root document is a text in memory.
  result<void> store(trust_record& record, std::string_view root) {
    crc32 sum;
    sum.update(as_bytes(root));
    record.root_size = static_cast<std::uint32_t>(root.size());
    record.root_sum = sum.value();
    return replace(record, [root](auto& out) {
      out(root);
      return result<void>{};
    });
  }

 private:
  using writer = atomic_file<Storage>;

  template <class Append>
  result<void> replace(const trust_record& record, Append&& append) {
    writer out(storage_, layout::temporary);
    std::uint8_t head[root_offset];
    detail::seal_record(record, head);
    out(as_text(head));
    if (auto done = append(out); !done) return done;
    return out.replace(layout::trust);
  }

  result<void> copy(writer& out, std::string_view path, std::uint32_t offset, std::uint32_t size) {
    return visit(path, offset, size, [&out](bytes piece) { out(as_text(piece)); });
  }

  template <class Visit>
  result<void> visit(std::string_view path, std::uint32_t offset, std::uint32_t size,
                     Visit&& take) {
    std::uint8_t piece[64];
    while (size != 0) {
      const auto read = storage_.read(path, offset, mutable_bytes(piece).first(size));
      if (!read) return read.error();
      if (*read == 0) return {};  // what is missing shows in the sum
      take(bytes(piece, *read));
      offset += static_cast<std::uint32_t>(*read);
      size -= static_cast<std::uint32_t>(*read);
    }
    return {};
  }

  Storage& storage_;
};

namespace detail {

/// Whether the newest signed manifest still holds: where the source says that there is no newer,
/// somebody may be holding it back. `now` in epoch seconds; 0: not known.
template <class Storage>
result<void> check_fresh(Storage& storage, std::uint64_t now) {
  trust_record record;
  const auto found = load_record(storage, layout::trust, record);
  if (!found) return found.error();
  if (*found && now >= record.expires) return manifest_expired;
  return {};
}

}  // namespace detail
}  // namespace ota
