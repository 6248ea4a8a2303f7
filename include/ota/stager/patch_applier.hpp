#pragma once

#include <new>

#include "../delta/any_patch.hpp"
#include "../delta/stored_file.hpp"
#include "../manifest/entry.hpp"
#include "../verifier.hpp"
#include "patch_figures.hpp"
#include "patch_record.hpp"

namespace ota {

/// Makes the files of a plan for which patches have come: the patch of entry N lies at
/// `.ota/patch/N`, what it makes becomes `.ota/new/N` once it is the promised file.
///
/// Every `Delta::block_size` bytes it is kept how far that is, and a later start goes on there. Of
/// a patch with which something is wrong nothing is left.
template <class Storage, class Hash, class Delta>
class patch_applier {
 public:
  patch_applier(Storage& storage, patch_figures& figures)
      : storage_(storage), figures_(figures), none_() {}

  void begin() {
    plan_.begin(layout::plan);
    chosen_.begin(layout::chosen);
    next_ = 0;
    made_ = 0;
    task_ = task::next;
  }

  /// The path at hand, for a message.
  std::string_view subject() const { return item_.path; }

  /// A bounded piece of work further; false when all patches have been applied.
  result<bool> step(const mutable_bytes& chunk) {
    if (task_ == task::next) return begin_next();
    const auto done = work(chunk);
    return more_after(!done && is_fault(done.error()) ? give_up(done.error()) : done);
  }

 private:
  using source = stored_file<Storage>;
  using output = stored_output<Storage>;

  /// A patch that is applied, and its files.
  struct running {
    running(Storage& storage, const entry& item, std::size_t old_size, std::uint32_t index,
            std::size_t patch_size)
        : path(detail::patch_path(index)),
          old_file(storage, item.path, static_cast<std::uint32_t>(old_size)),
          patch_file(storage, path, static_cast<std::uint32_t>(patch_size)),
          out(storage, layout::patched) {}

    detail::own_path path;
    source old_file, patch_file;
    output out;
    any_patch<source, source, output, typename Delta::limits> patch{old_file, patch_file, out};
  };

  static constexpr error wrong_size{errc::mismatch, "stager",
                                    "the patch makes a file of another size"};

  enum class task : std::uint8_t { next, open, trim, resume, apply, verify };

  // The patch's, or of the files that it is for; not the storage's.
  static bool is_fault(const error& failure) {
    return failure.code != errc::storage && failure.code != errc::power_cut;
  }

  result<bool> begin_next() {
    const auto more = chosen_.next(storage_, patch_);
    if (!more || !*more) return more;
    const auto planned = plan_.next(storage_, item_);
    if (!planned || !*planned) return planned;
    index_ = next_++;
    if (patch_.kind != entry_kind::file) return true;
    const auto there = storage_.stat(detail::patch_path(index_));
    if (!there) return there.error();
    if (there->kind != file_kind::none) task_ = task::open;
    return true;
  }

  result<void> work(const mutable_bytes& chunk) {
    switch (task_) {
      case task::open:
        return open();
      case task::trim:
        return trim(chunk);
      case task::resume:
        return resume();
      case task::apply:
        return apply();
      case task::verify:
        return verify(chunk);
      case task::next:
        break;
    }
    return {};
  }

  // Begins a patch, or goes on with it where an earlier start has come to.
  result<void> open() {
    const auto old_file = storage_.stat(item_.path);
    if (!old_file) return old_file.error();
    const auto made = storage_.stat(layout::patched);
    if (!made) return made.error();
    ::new (&run_) running(storage_, item_, old_file->size, index_, patch_.size);
    if (auto done = run_.patch.open(static_cast<std::uint32_t>(item_.size)); !done) return done;
    record_ = {index_, sum_of(patch_), 0};
    const auto kept = detail::load_patch_record(storage_, record_, run_.patch.state());
    if (!kept) return kept.error();
    offset_ = 0;
    if (*kept && made->size >= record_.written) {
      task_ = made->size > record_.written ? task::trim : task::resume;
      return {};
    }
    record_.written = 0;
    task_ = task::apply;
    if (auto done = run_.patch.open(static_cast<std::uint32_t>(item_.size)); !done) return done;
    return storage_.write(layout::patched, 0, {});
  }

  static std::uint32_t sum_of(const entry& patch) {
    crc32 sum;
    sum.update(patch.hash.view());
    return sum.value();
  }

  // What was written after the record may be anything, and storage only appends: the bytes before
  // it become a file of their own.
  result<void> trim(const mutable_bytes& chunk) {
    const mutable_bytes piece = chunk.first(record_.written - offset_);
    if (auto done = run_.out.read(static_cast<std::uint32_t>(offset_), piece); !done) return done;
    if (auto done = storage_.write(layout::temporary, offset_, piece); !done) return done;
    offset_ += piece.size();
    if (offset_ != record_.written) return {};
    task_ = task::resume;
    return replace_file(storage_, layout::patched, layout::temporary);
  }

  result<void> resume() {
    run_.out.go_on(record_.written);
    task_ = task::apply;
    return run_.patch.resume();
  }

  // Some steps of the patch, up to where it has to be kept how far that is.
  result<void> apply() {
    for (int i = 0; i < 16; ++i) {
      const auto more = run_.patch.step();
      if (!more) return more.error();
      if (!*more) return begin_verify();
      if (run_.out.size() - record_.written >= Delta::block_size) return keep();
    }
    count(run_.out.size());
    return {};
  }

  result<void> keep() {
    record_.written = run_.out.size();
    count(record_.written);
    return detail::store_patch_record(storage_, record_, run_.patch.state());
  }

  void count(std::size_t size) {
    if (made_ + size > figures_.bytes) figures_.bytes = made_ + size;
  }

  result<void> begin_verify() {
    if (run_.out.size() != item_.size) return wrong_size;
    offset_ = 0;
    verifier_.begin(item_.hash.kind, item_.size);
    task_ = task::verify;
    return {};
  }

  result<void> verify(const mutable_bytes& chunk) {
    const auto size = storage_.read(layout::patched, offset_, chunk);
    if (!size) return size.error();
    verifier_.update(chunk.first(*size));
    offset_ += *size;
    if (*size == chunk.size()) return {};
    if (auto same = verifier_.finish(item_.hash); !same) return same;
    if (auto done = replace_file(storage_, detail::staged_path(index_), layout::patched); !done)
      return done;
    ++figures_.made;
    count(item_.size);
    made_ += item_.size;
    return remove_patch();
  }

  result<void> give_up(const error& why) {
    ++figures_.failed;
    figures_.last_fault = &why;
    if (auto done = storage_.remove(layout::patched); !done) return done;
    return remove_patch();
  }

  result<void> remove_patch() {
    task_ = task::next;
    if (auto done = storage_.remove(layout::patch_state); !done) return done;
    return storage_.remove(detail::patch_path(index_));
  }

  Storage& storage_;
  patch_figures& figures_;
  std::size_t offset_ = 0;
  std::size_t made_ = 0;  // bytes of files that are made
  std::uint32_t index_ = 0;
  std::uint32_t next_ = 0;
  task task_ = task::next;
  detail::patch_record record_;
  entry_reader plan_;
  entry_reader chosen_;
  entry item_;
  entry patch_;
  verifier<Hash> verifier_;
  union {
    char none_;
    running run_;
  };
};

}  // namespace ota
