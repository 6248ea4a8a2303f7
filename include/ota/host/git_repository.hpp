#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "process.hpp"

namespace ota::host {

/// An object of a Git repository.
struct git_object {
  std::string id;
  std::string type;  // commit, tree, blob, tag
  std::string content;
};

/// One line of a tree.
struct git_entry {
  std::string mode;  // six digits, as GitHub writes them
  std::string type;
  std::string id;
  std::string path;
  std::string size;  // decimal digits, or "-"
};

/// A Git repository, bare or not, read through one long-lived `git cat-file --batch`.
class git_repository {
 public:
  explicit git_repository(std::string path) : path_(std::move(path)) {
    if (output_of({"git", "-C", path_, "rev-parse", "--git-dir"}).empty())
      throw std::runtime_error("not a Git repository: " + path_);
  }

  /// The object that `name` (an id, or a revision like REF:PATH) stands for.
  std::optional<git_object> find(const std::string& name) {
    if (name.find('\n') != std::string::npos) return std::nullopt;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!batch_)
      batch_ = std::make_unique<process>(
          std::vector<std::string>{"git", "-C", path_, "cat-file", "--batch"});
    std::fprintf(batch_->to(), "%s\n", name.c_str());
    std::fflush(batch_->to());
    const std::string head = line();
    const std::size_t first = head.find(' '), second = head.find(' ', first + 1);
    if (second == std::string::npos || head.find(" missing") != std::string::npos ||
        head.find(" ambiguous") != std::string::npos)
      return std::nullopt;
    git_object object{head.substr(0, first), head.substr(first + 1, second - first - 1), {}};
    object.content.resize(std::stoull(head.substr(second + 1)));
    const std::size_t got =
        std::fread(object.content.data(), 1, object.content.size(), batch_->from());
    if (got != object.content.size() || std::fgetc(batch_->from()) != '\n') {
      batch_.reset();
      return std::nullopt;
    }
    return object;
  }

  /// What a reference points to; nothing for one that is not there.
  std::optional<git_object> reference(const std::string& name) {
    // `find` would also take abbreviations; only whole names are references.
    const std::string id = trimmed(
        output_of({"git", "-C", path_, "rev-parse", "-q", "--verify", "--end-of-options", name}));
    if (id.empty()) return std::nullopt;
    return find(id);
  }

  /// The tags, the newest first: by their versions, then by date.
  std::vector<std::string> tags() {
    std::vector<std::string> names;
    std::string text =
        output_of({"git", "-C", path_, "for-each-ref", "--sort=-creatordate",
                   "--sort=-version:refname", "--format=%(refname:strip=2)", "refs/tags"});
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      names.push_back(text.substr(at, end - at));
    return names;
  }

  /// The lines of a tree; with `recursive` also those of the trees in it.
  std::vector<git_entry> list(const std::string& tree, bool recursive) {
    std::vector<std::string> command = {"git", "-C", path_, "ls-tree", "-l", "-z"};
    if (recursive) command.insert(command.end(), {"-r", "-t"});
    command.push_back(tree);
    const std::string text = output_of(command);
    std::vector<git_entry> entries;
    for (std::size_t at = 0, end; (end = text.find('\0', at)) != std::string::npos; at = end + 1) {
      // "100644 blob ID    SIZE\tPATH"
      const std::size_t tab = text.find('\t', at);
      git_entry one;
      one.mode = text.substr(at, 6);
      const std::size_t type_end = text.find(' ', at + 7);
      one.type = text.substr(at + 7, type_end - at - 7);
      const std::size_t id_end = text.find(' ', type_end + 1);
      one.id = text.substr(type_end + 1, id_end - type_end - 1);
      const std::size_t size_at = text.find_first_not_of(' ', id_end);
      one.size = text.substr(size_at, tab - size_at);
      one.path = text.substr(tab + 1, end - tab - 1);
      entries.push_back(std::move(one));
    }
    return entries;
  }

 private:
  static std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  std::string line() {
    std::string text;
    for (int c; (c = std::fgetc(batch_->from())) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }

  std::string path_;
  std::mutex mutex_;
  std::unique_ptr<process> batch_;
};

}  // namespace ota::host
