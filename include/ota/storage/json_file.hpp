#pragma once

#include "../core/text.hpp"
#include "../format/json_reader.hpp"

namespace ota::detail {

/// The events of a JSON file on storage, read a piece at a time.
template <std::size_t TextCapacity, std::size_t Piece = 64>
class json_file {
 public:
  json_file() = default;
  explicit json_file(const std::string_view& path) : path_(path) {}

  /// Begins at a byte of a file.
  void begin(const std::string_view& path, std::size_t offset = 0) {
    path_ = path;
    offset_ = offset;
    reader_.reset();
  }

  /// As `json_reader::next`, but never `need_input`. Errors of storage as they are.
  template <class Storage>
  result<json_event> next(Storage& storage) {
    for (;;) {
      const auto event = reader_.next();
      if (!event || *event != json_event::need_input) return event;
      const auto size = storage.read(path_, offset_, piece_);
      if (!size) return size.error();
      offset_ += *size;
      if (*size == 0)
        reader_.finish();
      else
        reader_.feed({piece_, *size});
    }
  }

  const json_reader<TextCapacity>& reader() const { return reader_; }

 private:
  std::string_view path_;
  std::size_t offset_ = 0;
  json_reader<TextCapacity> reader_;
  std::uint8_t piece_[Piece];
};

}  // namespace ota::detail
