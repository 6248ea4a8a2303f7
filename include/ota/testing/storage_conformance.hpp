#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../storage/file_storage.hpp"

namespace ota::testing {

namespace detail {

/// Tries the contract rule by rule on a storage; the first one broken ends it.
template <class Storage>
class conformance {
 public:
  explicit conformance(Storage& storage) : storage_(storage) {}

  std::string run() {
    files();
    if (broken_.empty()) renames();
    if (broken_.empty()) directories();
    if (broken_.empty()) modes();
    return broken_;
  }

 private:
  bool rule(bool holds, const char* sentence) {
    if (!holds && broken_.empty()) broken_ = sentence;
    return holds;
  }

  bool write(const char* path, std::uint64_t offset, std::string_view text) {
    return storage_
        .write(path, offset, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})
        .has_value();
  }

  std::string read(const char* path, std::uint64_t offset, std::size_t most) {
    std::string text(most, '\0');
    const auto size =
        storage_.read(path, offset, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!size) return "(an error)";
    text.resize(*size);
    return text;
  }

  file_kind kind(const char* path) {
    const auto there = storage_.stat(path);
    return there ? there->kind : file_kind::other;
  }

  void files() {
    rule(kind("ct/a") == file_kind::none, "stat of a path that is not there gives kind none");
    rule(storage_.remove("ct/a").has_value(), "remove of a path that is not there succeeds");
    rule(write("ct/a", 0, "hello"), "write at offset 0 creates the file and its directories");
    rule(kind("ct/a") == file_kind::file, "stat of a file gives kind file");
    rule(kind("ct/a/b") == file_kind::none, "stat of a path below a file gives kind none");
    rule(storage_.stat("ct/a").has_value() && storage_.stat("ct/a")->size == 5,
         "stat of a file gives its size");
    rule(read("ct/a", 0, 100) == "hello", "read gives what was written, and less at the end");
    rule(read("ct/a", 1, 3) == "ell", "read begins at its offset and fills what it is given");
    rule(read("ct/a", 5, 3).empty(), "read at the end of a file gives 0 bytes");
    rule(write("ct/a", 5, ", you"), "write at the size of a file appends");
    rule(read("ct/a", 0, 100) == "hello, you", "an append leaves what was there");
    rule(write("ct/a", 0, "x"), "write at offset 0 over a file succeeds");
    rule(read("ct/a", 0, 100) == "x", "write at offset 0 empties the file first");
    rule(write("ct/e", 0, ""), "write of no bytes at offset 0 succeeds");
    rule(kind("ct/e") == file_kind::file, "write of no bytes at offset 0 creates an empty file");
    rule(storage_.sync().has_value(), "sync succeeds");
    rule(storage_.free_space().has_value(), "free_space succeeds");
  }

  void renames() {
    rule(storage_.rename("ct/a", "ct/n/ew/b").has_value(),
         "rename makes the directories of its target");
    rule(kind("ct/a") == file_kind::none, "rename leaves nothing at the old path");
    rule(read("ct/n/ew/b", 0, 9) == "x", "rename keeps the content");
    rule(write("ct/c", 0, "other"), "write succeeds beside a directory");
    rule(storage_.rename("ct/c", "ct/n/ew/b").has_value(), "rename replaces a file");
    rule(read("ct/n/ew/b", 0, 9) == "other", "rename over a file gives the new content");
    rule(!storage_.rename("ct/gone", "ct/c").has_value(), "rename of nothing is an error");
    rule(write("ct/f", 0, "f") && !storage_.rename("ct/f", "ct/n").has_value(),
         "rename over a directory is an error");
    rule(!write("ct/f/below", 0, "x"), "write below a file is an error");
    rule(read("ct/f", 0, 9) == "f", "a refused operation changes nothing");
  }

  void directories() {
    rule(kind("ct/n") == file_kind::directory, "stat of a directory gives kind directory");
    std::vector<std::pair<std::string, file_kind>> seen;
    const auto listed = storage_.list("ct", [&](std::string_view name, file_kind what) {
      seen.emplace_back(std::string(name), what);
      return true;
    });
    rule(listed.has_value() && seen.size() == 3, "list gives each entry of a directory once");
    for (const auto& [name, what] : seen)
      rule((name == "n") == (what == file_kind::directory), "list tells files from directories");
    int visits = 0;
    (void)storage_.list("ct", [&](std::string_view, file_kind) { return ++visits < 1; });
    rule(visits == 1, "list ends when its visitor says so");
    rule(storage_.list("ct/nothing", [&](std::string_view, file_kind) { return true; }).has_value(),
         "list of a directory that is not there succeeds and gives nothing");
    const auto removed = storage_.remove("ct/n");
    rule(!removed && removed.error().code == errc::not_empty,
         "remove of a directory that holds something is errc::not_empty");
    for (const char* path : {"ct/n/ew/b", "ct/n/ew", "ct/n", "ct/e", "ct/f", "ct"})
      rule(storage_.remove(path).has_value(), "remove takes files and empty directories");
    rule(kind("ct") == file_kind::none, "nothing is left of what was removed");
  }

  void modes() {
    if constexpr (keeps_modes<Storage>) {
      rule(write("ct", 0, "x") && !storage_.stat("ct")->executable, "a new file is not executable");
      rule(storage_.set_executable("ct", true).has_value() && storage_.stat("ct")->executable,
           "set_executable makes a file executable");
      rule(storage_.rename("ct", "cu").has_value() && storage_.stat("cu")->executable,
           "rename keeps the mode");
      rule(storage_.set_executable("cu", false).has_value() && !storage_.stat("cu")->executable,
           "set_executable takes it back");
      rule(storage_.remove("cu").has_value(), "remove takes a file");
    }
  }

  Storage& storage_;
  std::string broken_;
};

}  // namespace detail

/// Tries a storage policy on its contract, in a directory `ct` that must not be there, and leaves
/// nothing behind when all is well. Returns the first rule that does not hold; empty: all hold.
template <class Storage>
std::string check_storage(Storage& storage) {
  static_assert(check_file_storage<Storage>::ok);
  return detail::conformance<Storage>(storage).run();
}

}  // namespace ota::testing
