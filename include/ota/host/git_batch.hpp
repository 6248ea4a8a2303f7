#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "process.hpp"

namespace ota::host {

/// Whether a text is a whole object id: 40 or 64 lowercase hexadecimal digits.
inline bool is_object_id(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// What Git says of an object before it gives its content.
struct git_head {
  std::string id;
  std::string type;  ///< commit, tree, blob or tag
  std::uint64_t size = 0;
};

/// Reads objects through `git cat-file --batch` processes that live on, so that an object costs no
/// process. Each reading has one for itself; as many are there as objects are read at once. May be
/// used by several threads at once, and must outlive its readings.
class git_batch {
 public:
  /// An object while it is read, in pieces, so that its size costs no memory. One that is given up
  /// in the middle leaves no rest to the next.
  class reading {
   public:
    reading(git_batch& owner, std::unique_ptr<process> child, git_head head)
        : owner_(owner), child_(std::move(child)), head_(std::move(head)), left_(head_.size) {}

    ~reading() {
      // To read a little is cheaper than a new process.
      if (left_ <= max_skipped && skip(left_) && std::fgetc(child_->from()) == '\n')
        owner_.give_back(std::move(child_));
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

    const git_head& head() const { return head_; }

    /// The next bytes, as many as there are up to `size`; throws std::runtime_error when Git ends
    /// before the object does.
    std::string_view read(char* to, std::size_t size) {
      size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
      if (!get(to, size)) throw std::runtime_error("git ended inside object " + head_.id);
      return {to, size};
    }

    /// Passes over bytes; whether there are as many.
    bool skip(std::uint64_t size) {
      char piece[16384];
      if (size > left_) return false;
      while (size != 0) {
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size, sizeof piece));
        if (!get(piece, part)) return false;
        size -= part;
      }
      return true;
    }

   private:
    static constexpr std::uint64_t max_skipped = 1u << 20;

    bool get(char* to, std::size_t size) {
      const std::size_t got = std::fread(to, 1, size, child_->from());
      left_ -= got;
      return got == size;
    }

    git_batch& owner_;
    std::unique_ptr<process> child_;
    git_head head_;
    std::uint64_t left_;
  };

  /// \param command  starts such a process
  explicit git_batch(std::vector<std::string> command) : command_(std::move(command)) {}

  /// The object with a name that holds no line end; nothing when there is none.
  std::unique_ptr<reading> open(const std::string& name) {
    // One that broke while it was idle is no answer; a new one's is.
    for (bool is_new = false; !is_new;) {
      auto child = take();
      is_new = !child;
      if (is_new) child = std::make_unique<process>(command_);
      std::string line;
      if (!child->write(name + "\n") || !read_line(*child, line)) continue;
      if (auto head = parse_head(line))
        return std::make_unique<reading>(*this, std::move(child), std::move(*head));
      give_back(std::move(child));
      return nullptr;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t max_idle = 8;

  std::unique_ptr<process> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto child = std::move(idle_.back());
    idle_.pop_back();
    return child;
  }

  void give_back(std::unique_ptr<process> child) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < max_idle) idle_.push_back(std::move(child));
  }

  static bool read_line(process& child, std::string& line) {
    for (int c; (c = std::fgetc(child.from())) != '\n'; line += static_cast<char>(c))
      if (c == EOF) return false;
    return true;
  }

  // "ID TYPE SIZE"; anything else ("NAME missing") means that there is no such object.
  static std::optional<git_head> parse_head(const std::string& line) {
    const std::size_t first = line.find(' '), second = line.find(' ', first + 1);
    git_head head;
    if (second == line.npos || !is_object_id(line.substr(0, first))) return std::nullopt;
    head.id = line.substr(0, first);
    head.type = line.substr(first + 1, second - first - 1);
    const char* const end = line.data() + line.size();
    if (std::from_chars(line.data() + second + 1, end, head.size).ptr != end) return std::nullopt;
    return head;
  }

  std::vector<std::string> command_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<process>> idle_;
};

}  // namespace ota::host
