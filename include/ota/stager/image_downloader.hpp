#pragma once

#include "../http/message.hpp"
#include "../http/status.hpp"
#include "../manifest/entry.hpp"
#include "downloader.hpp"
#include "image_promise.hpp"

namespace ota {

/// Brings a version's firmware image straight to where the image policy keeps it: no copy of it
/// lies among the files. Goes on where an interruption, or a power cut, left it.
template <class Image>
class image_downloader {
 public:
  explicit image_downloader(Image& image) : image_(image) {}

  void begin(const image_promise& promise) {
    promise_ = promise;
    item_ = {};
    item_.kind = entry_kind::image;
    item_.path.assign(Image::name);
    etag_.clear();
    task_ = task::begin;
  }

  /// Of the image, for a message.
  std::string_view subject() const { return item_.path; }

  /// Whether a failure means that the device does not want the image, though it is the promised
  /// one.
  bool is_refusal(const error& failure) const {
    return task_ == task::finish && failure.code != errc::storage && failure.code != errc::mismatch;
  }

  /// One chunk further; false when the image is staged. After an error that may pass
  /// (`is_transient`) the next step goes on where the bytes ended.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, staging_progress& progress,
                    const mutable_bytes& chunk) {
    switch (task_) {
      case task::begin:
        return begin_image(progress);
      case task::open:
        return open(http, source);
      case task::body:
        return body(http, progress, chunk);
      case task::finish:
        return more_after(finish(progress));
      case task::done:
        break;
    }
    return false;
  }

 private:
  static constexpr error too_short{errc::mismatch, "stager",
                                   "the image ended before its promised size"};
  static constexpr error other_size{errc::mismatch, "stager",
                                    "the server promises another size than the image has"};

  enum class task : std::uint8_t { begin, open, body, finish, done };

  result<bool> begin_image(staging_progress& progress) {
    const auto offset = image_.begin(promise_.size, promise_.digest);
    if (!offset) return offset.error();
    offset_ = *offset;
    progress.bytes += offset_;
    if (offset_ != 0) ++progress.resumed;
    task_ = offset_ == promise_.size ? task::finish : task::open;
    return true;
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    if (auto opened = source.open_file(http, item_, offset_, etag_.view()); !opened)
      return opened.error();
    const http_response& answer = http.response();
    if (const auto status = check_status(answer); !status) return status.error();
    // A server that knows no ranges sends what is there already once more.
    skip_ = answer.status == 206 ? 0 : offset_;
    if (answer.has_length && offset_ - skip_ + answer.content_length != promise_.size)
      return other_size;
    etag_.assign(http.etag());
    // A weak tag may not stand in If-Range (RFC 9110, 13.1.5).
    if (etag_.overflowed() || starts_with(etag_, "W/"sv)) etag_.clear();
    task_ = task::body;
    return true;
  }

  template <class Http>
  result<bool> body(Http& http, staging_progress& progress, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    progress.bytes_moved += *size;
    bytes data = chunk.first(*size);
    const bytes skipped = data.first(skip_);
    skip_ -= static_cast<std::uint32_t>(skipped.size());
    data = data.drop(skipped.size());
    if (auto done = image_.write(data); !done) return done.error();
    offset_ += static_cast<std::uint32_t>(data.size());
    progress.bytes += data.size();
    if (*size != 0) return true;
    if (offset_ != promise_.size) return too_short;
    task_ = task::finish;
    return true;
  }

  result<void> finish(staging_progress& progress) {
    if (auto done = image_.finish(); !done) return done;
    ++progress.files;
    task_ = task::done;
    return {};
  }

  Image& image_;
  image_promise promise_;
  std::uint32_t offset_ = 0;  // of the next byte
  std::uint32_t skip_ = 0;    // bytes that come once more
  task task_ = task::begin;
  fixed_string<64> etag_;
  entry item_;
};

}  // namespace ota
