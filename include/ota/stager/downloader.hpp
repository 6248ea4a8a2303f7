#pragma once

#include "../http/message.hpp"
#include "../http/status.hpp"
#include "../manifest/entry.hpp"
#include "../storage/layout.hpp"
#include "../verifier.hpp"
#include "staging_progress.hpp"

namespace ota {

/// Where the files of a plan are staged.
struct staged_files {
  static constexpr std::string_view list() { return layout::plan; }
  static detail::own_path place(std::uint32_t index) { return detail::staged_path(index); }
};

/// Brings the files of a plan beside the running version: entry N of `.ota/plan` becomes
/// `.ota/new/N`. Bytes are hashed on the way and the file is read back and hashed once more.
/// Whatever an earlier run has left is checked and used, the rest asked for with a range.
///
/// \tparam Files  another list of files, which are brought elsewhere
template <class Storage, class Hash, class Files = staged_files>
class downloader : Files {
 public:
  /// Begins at the first entry of the plan, or what is left of it. What is brought is added to
  /// `progress`.
  downloader(Storage& storage, staging_progress& progress, const Files& files = {})
      : Files(files), storage_(storage), progress_(progress) {
    plan_.begin(this->list());
  }

  /// Leaves the file at hand out.
  result<void> skip() {
    reset();
    task_ = task::next;
    return storage_.remove(path());
  }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// One chunk further; false when the whole plan is staged. After an error that may pass
  /// (`is_transient`) the next step goes on where the bytes ended.
  /// `source` asks for a file: `source.open_file(http, entry, offset, etag)`.
  template <class Http, class Source>
  result<bool> step(Http& http, Source& source, const mutable_bytes& chunk) {
    switch (task_) {
      case task::next:
        return begin_next();
      case task::check:
      case task::read_back:
        return read_staged(chunk);
      case task::open:
        return item_.kind == entry_kind::keep ? copy(chunk) : open(http, source);
      case task::body:
        return body(http, chunk);
    }
    return false;
  }

 private:
  static constexpr error too_short{errc::mismatch, "stager",
                                   "the file ended before its promised size"};
  static constexpr error too_long{errc::mismatch, "stager",
                                  "the file is longer than its promised size"};
  static constexpr error written_badly{errc::mismatch, "stager",
                                       "storage does not hold what was written to it"};
  static constexpr error promised_fewer{errc::mismatch, "stager",
                                        "the server promises fewer bytes than the file has"};
  static constexpr error promised_more{errc::mismatch, "stager",
                                       "the server promises more bytes than the file has"};

  enum class task : std::uint8_t { next, check, open, body, read_back };

  result<bool> begin_next() {
    const auto more = plan_.next(storage_, item_);
    if (!more || !*more) return more;
    ++index_;
    etag_.clear();
    if (item_.kind >= entry_kind::remove) return true;  // no file to bring
    const auto staged = storage_.stat(path());
    if (!staged) return staged.error();
    if (staged->kind == file_kind::none) return restart();
    if (item_.hash.kind == digest_kind::none) {
      // The library's own files were written with the plan, and synced before anything else.
      if (item_.has_size && staged->size == item_.size && detail::is_own_path(item_.path))
        return true;
      return restart();
    }
    if (item_.has_size && staged->size > item_.size) return restart();
    resumed_ = true;
    reset();
    task_ = task::check;
    return true;
  }

  // Back to the first byte of this file.
  result<bool> restart() {
    begin_again();
    return true;
  }

  result<bool> restart_with(const error& failure) {
    begin_again();
    return failure;
  }

  void begin_again() {
    reset();
    resumed_ = false;
    task_ = task::open;
  }

  void reset() {
    progress_.bytes -= offset_;
    offset_ = 0;
    verifier_.begin(item_.hash.kind, item_.size);
  }

  // Hashes what an earlier run has left, or what has just been written.
  result<bool> read_staged(const mutable_bytes& chunk) {
    const auto more = verifier_.read(storage_, path(), chunk);
    if (task_ == task::read_back) return more && !*more ? end_read_back() : more;
    progress_.bytes += verifier_.read_size() - offset_;
    offset_ = verifier_.read_size();
    return more && !*more ? end_check() : more;
  }

  // Goes on behind what is there.
  result<bool> end_check() {
    if (item_.has_size && offset_ < item_.size) {
      ++progress_.resumed;
      task_ = task::open;
      return true;
    }
    return verifier_.finish(item_.hash) ? complete() : restart();
  }

  result<bool> copy(const mutable_bytes& chunk) {
    const auto size = storage_.read(item_.path, offset_, chunk);
    if (!size && size.error().code == errc::not_found) {
      item_.kind = entry_kind::file;  // it has gone since the plan was made
      return restart();
    }
    if (!size) return size.error();
    if (auto done = store(chunk.first(*size)); !done) return done.error();
    return *size == chunk.size() ? result<bool>(true) : received();
  }

  template <class Http, class Source>
  result<bool> open(Http& http, Source& source) {
    // There is nothing to ask for: what hash nothing has is known.
    if (item_.has_size && item_.size == 0) return end_body();
    const auto opened = source.open_file(http, item_, offset_, etag_.view());
    if (!opened) return opened.error();
    const http_response& answer = http.response();
    if (answer.status == 416 && offset_ != 0) return restart();
    if (const auto status = check_status(answer); !status) return status.error();
    if (offset_ != 0 && answer.status != 206) {
      // The server sends the file from its first byte: appending it would be wrong.
      reset();
      resumed_ = false;
    }
    if (answer.has_length && item_.has_size && offset_ + answer.content_length != item_.size)
      return restart_with(answer.content_length + offset_ < item_.size ? promised_fewer
                                                                       : promised_more);
    etag_.assign(http.etag());
    // A weak tag, W/"...", may not stand in If-Range (RFC 9110, 13.1.5).
    if (etag_.overflowed() || etag_[0] == 'W') etag_.clear();
    task_ = task::body;
    return true;
  }

  template <class Http>
  result<bool> body(Http& http, const mutable_bytes& chunk) {
    const auto size = http.read(chunk);
    if (!size) {
      task_ = task::open;
      return size.error();
    }
    if (*size == 0) {
      if (item_.has_size && offset_ != item_.size) return restart_with(too_short);
      return end_body();
    }
    progress_.bytes_moved += *size;
    if (item_.has_size && *size > item_.size - offset_) return restart_with(too_long);
    if (auto done = store(chunk.first(*size)); !done) return done.error();
    return true;
  }

  // The last bytes came before; a file of none is made now.
  result<bool> end_body() {
    if (auto done = store({}); !done) return done.error();
    return received();
  }

  result<void> store(bytes data) {
    if (data.empty() && offset_ != 0) return {};
    if (auto done = storage_.write(path(), offset_, data); !done) return done;
    verifier_.update(data);
    offset_ += data.size();
    progress_.bytes += data.size();
    return {};
  }

  // All bytes are here: are they the right ones, and did storage keep them?
  result<bool> received() {
    if (const auto same = verifier_.finish(item_.hash); !same) {
      const bool was_resumed = resumed_;
      item_.kind = entry_kind::file;  // where a copy of the installed file failed, download it
      begin_again();
      // What lay there before a power cut may be anything; that is not the server's fault.
      return was_resumed ? result<bool>(true) : same.error();
    }
    written_ = verifier_.sum();
    verifier_.begin(item_.hash.kind, offset_);
    task_ = task::read_back;
    return true;
  }

  result<bool> end_read_back() {
    if (verifier_.read_size() == offset_ && verifier_.finish(item_.hash) &&
        verifier_.sum() == written_)
      return complete();
    return restart_with(written_badly);
  }

  result<bool> complete() {
    if constexpr (keeps_modes<Storage>)
      if (auto done = storage_.set_executable(path(), item_.executable); !done) return done.error();
    ++progress_.files;
    offset_ = 0;
    task_ = task::next;
    return true;
  }

  detail::own_path path() const { return this->place(index_); }

  Storage& storage_;
  staging_progress& progress_;
  std::size_t offset_ = 0;            // of the next byte; so many of this file are in `progress_`
  std::uint32_t index_ = UINT32_MAX;  // of the file at hand in the plan; the next is 0
  std::uint32_t written_ = 0;         // a sum over what was written, where no hash is promised
  task task_ = task::next;
  bool resumed_ = false;
  entry item_;  // what comes behind it is reached by longer code
  entry_reader plan_;
  fixed_string<64> etag_;
  verifier<Hash> verifier_;
};

}  // namespace ota
