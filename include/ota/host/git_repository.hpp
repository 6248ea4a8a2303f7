#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "git_batch.hpp"
#include "process.hpp"
#include "release_order.hpp"

namespace ota::host {

/// An object of a Git repository.
struct git_object {
  std::string id;       ///< hexadecimal digits
  std::string type;     ///< commit, tree, blob or tag
  std::string content;  ///< but of no blob, which may be large: `git_repository::open` reads those
};

/// One line of a tree.
struct git_entry {
  std::string mode;  ///< six digits, as GitHub writes them
  std::string type;  ///< blob, tree, or commit for a submodule
  std::string id;
  std::string path;
  std::string size;  ///< of a blob, in decimal digits; else "-"
};

/// A branch, a tag or another reference.
struct git_reference {
  std::string name;  ///< the whole: refs/heads/main
  std::string id;
  std::string type;  ///< of the object that it names: commit, tag (an annotated one) …
};

/// Whether a name can be that of a branch or a tag (git-check-ref-format), and so nothing of Git's
/// language of revisions.
inline bool is_reference_name(const std::string& name) {
  if (name.empty() || name.find("..") != name.npos || name.find("@{") != name.npos) return false;
  for (char c : name)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
        std::string_view("~^:?*[\\").find(c) != std::string_view::npos)
      return false;
  return name.front() != '/' && name.front() != '-' && name.back() != '/' && name.back() != '.';
}

/// A Git repository, bare or not, read through long-lived `git cat-file --batch` processes, so
/// that a file costs no process. May be used by several threads at once. What the repository gains
/// while it is served is seen.
class git_repository {
 public:
  /// Throws std::runtime_error when there is no repository at `path`.
  explicit git_repository(std::string path)
      : path_(std::move(path)),
        // Git, too, reads in pieces what is larger than that, unless it lies in a pack as a delta.
        batch_(git({"-c", "core.bigFileThreshold=4m", "cat-file", "--batch"})) {
    try {
      output_of(git({"rev-parse", "--git-dir"}));
    } catch (const std::runtime_error&) {
      throw std::runtime_error("not a Git repository: " + path_);
    }
  }

  /// The object with a whole id; nothing when there is none.
  std::optional<git_object> object(const std::string& id) {
    return is_object_id(id) ? ask(id) : std::nullopt;
  }

  /// The object with a whole id, to be read in pieces; null when there is none.
  std::unique_ptr<git_batch::reading> open(const std::string& id) {
    return is_object_id(id) ? batch_.open(id) : nullptr;
  }

  /// What a whole reference name (refs/tags/v1, HEAD) points to.
  std::optional<git_object> reference(const std::string& name) {
    return is_reference_name(name) && (name == "HEAD" || name.compare(0, 5, "refs/") == 0)
               ? ask(name)
               : std::nullopt;
  }

  /// The commit that a reference or a whole id leads to, by way of annotated tags.
  std::optional<git_object> commit(const std::string& name) {
    auto found = is_object_id(name) ? object(name) : reference(name);
    for (int hops = 0; found && found->type == "tag" && hops < 8; ++hops)
      found = object(found->content.substr(7, found->content.find('\n') - 7));
    return found && found->type == "commit" ? found : std::nullopt;
  }

  /// The entry at `path` in a tree ("" is the tree itself); nothing when there is none.
  std::optional<git_entry> entry(const std::string& tree, const std::string& path) {
    git_entry found{"040000", "tree", tree, "", "-"};
    if (!path.empty() && path.back() == '/') return std::nullopt;
    for (std::size_t at = 0; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      if (found.type != "tree") return std::nullopt;
      const auto lines = parsed_tree(found.id);
      const auto line = lines->find(path.substr(at, end - at));
      if (line == lines->end()) return std::nullopt;
      found.mode = line->second.mode;
      found.type = type_of(found.mode);
      found.id = line->second.id;
      at = end + 1;
    }
    found.path = path;
    return found;
  }

  /// Calls `visit(entry)` for the lines of a tree, with `recursive` also those of the trees in it,
  /// while `git` still lists them, until it returns false.
  void list(const std::string& tree, bool recursive,
            const std::function<bool(const git_entry&)>& visit) {
    std::vector<std::string> command = git({"ls-tree", "-l", "-z", "--full-tree"});
    if (recursive) command.insert(command.end(), {"-r", "-t"});
    command.push_back(tree);
    process child(command);
    char* line = nullptr;
    std::size_t capacity = 0;
    for (ssize_t size; (size = getdelim(&line, &capacity, '\0', child.from())) > 0;)
      if (!visit(parse_line({line, static_cast<std::size_t>(size) - 1}))) break;
    std::free(line);
  }

  /// The tags with what is told of releases, the one that is the latest release first.
  std::vector<release_tag> releases() {
    const std::string text = output_of(
        git({"for-each-ref", "refs/tags", "--format=%(refname:strip=2)%00%(creatordate:unix)"}));
    std::vector<release_tag> tags;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      const std::size_t zero = text.find('\0', at);
      release_tag one;
      one.name = text.substr(at, zero - at);
      one.created = std::strtoll(text.c_str() + zero + 1, nullptr, 10);
      tags.push_back(std::move(one));
    }
    sort_releases(tags);
    return tags;
  }

  /// The references whose names begin with `prefix`. \param order  a key of git for-each-ref
  std::vector<git_reference> references(const std::string& prefix, const std::string& order) const {
    const std::string text = output_of(git(
        {"for-each-ref", "--sort=" + order, "--format=%(objectname) %(objecttype) %(refname)"}));
    std::vector<git_reference> found;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      const std::size_t first = text.find(' ', at), second = text.find(' ', first + 1);
      if (text.compare(second + 1, prefix.size(), prefix) != 0) continue;
      found.push_back({text.substr(second + 1, end - second - 1), text.substr(at, first - at),
                       text.substr(first + 1, second - first - 1)});
    }
    return found;
  }

  /// The branch that HEAD names; "HEAD" where it names none.
  std::string default_branch() const {
    try {
      const std::string text = output_of(git({"symbolic-ref", "--short", "HEAD"}));
      return text.substr(0, text.find('\n'));
    } catch (const std::runtime_error&) {
      return "HEAD";
    }
  }

  /// Commits, the newest first, `count` from number `first` on.
  /// \param choice  arguments for git rev-list: options, a commit's id, `--`, paths
  std::vector<std::string> history(const std::vector<std::string>& choice, std::uint64_t first,
                                   std::uint64_t count) const {
    std::vector<std::string> ids;
    const std::string text = rev_list(
        {"--skip=" + std::to_string(first), "--max-count=" + std::to_string(count)}, choice);
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1)
      ids.push_back(text.substr(at, end - at));
    return ids;
  }

  /// How many commits there are of a choice.
  std::uint64_t history_size(const std::vector<std::string>& choice) const {
    return std::strtoull(rev_list({"--count"}, choice).c_str(), nullptr, 10);
  }

  /// Gives a commit's files as an archive while Git makes it; throws std::runtime_error when Git
  /// cannot. \param format  tar.gz or zip \param folder  before all names, with its `/`
  void archive(const std::string& format, const std::string& folder, const std::string& commit,
               const std::function<bool(std::string_view)>& sink) const {
    process child(git({"archive", "--format=" + format, "--prefix=" + folder, commit}));
    std::string piece(65536, '\0');
    for (std::size_t size; (size = std::fread(piece.data(), 1, piece.size(), child.from())) != 0;)
      if (!sink({piece.data(), size})) return;
    if (child.finish() != 0) throw std::runtime_error("git archive failed");
  }

 private:
  struct tree_line {
    std::string mode;
    std::string id;
  };
  using tree_lines = std::unordered_map<std::string, tree_line>;

  std::vector<std::string> git(std::vector<std::string> arguments) const {
    std::vector<std::string> command = {"git", "-C", path_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  // Paths are paths here, and no patterns.
  std::string rev_list(std::vector<std::string> command,
                       const std::vector<std::string>& choice) const {
    command.insert(command.begin(), {"--literal-pathspecs", "rev-list"});
    command.insert(command.end(), choice.begin(), choice.end());
    return output_of(git(std::move(command)));
  }

  static std::string type_of(const std::string& mode) {
    return mode == "040000" ? "tree" : mode == "160000" ? "commit" : "blob";
  }

  // "100644 blob ID    SIZE\tPATH"
  static git_entry parse_line(std::string_view line) {
    git_entry one;
    const std::size_t tab = line.find('\t');
    const std::size_t type_end = line.find(' ', 7), id_end = line.find(' ', type_end + 1);
    const std::size_t size_at = line.find_first_not_of(' ', id_end);
    one.mode = line.substr(0, 6);
    one.type = line.substr(7, type_end - 7);
    one.id = line.substr(type_end + 1, id_end - type_end - 1);
    one.size = line.substr(size_at, tab - size_at);
    one.path = line.substr(tab + 1);
    return one;
  }

  std::optional<git_object> ask(const std::string& name) {
    const auto opened = batch_.open(name);
    if (!opened) return std::nullopt;
    git_object found{opened->head().id, opened->head().type, {}};
    if (found.type == "blob") return found;
    found.content.resize(static_cast<std::size_t>(opened->head().size));
    opened->read(found.content.data(), found.content.size());
    return found;
  }

  // Trees are kept: in a directory of many files each file would cost a look through all of them.
  std::shared_ptr<const tree_lines> parsed_tree(const std::string& id) {
    {
      const std::lock_guard<std::mutex> lock(trees_mutex_);
      if (const auto kept = trees_.find(id); kept != trees_.end()) return kept->second;
    }
    const auto found = object(id);
    auto lines = std::make_shared<const tree_lines>(
        found && found->type == "tree" ? parse_tree(*found) : tree_lines{});
    const std::lock_guard<std::mutex> lock(trees_mutex_);
    kept_lines_ += lines->size();
    if (kept_lines_ > 1000000) {
      trees_.clear();
      kept_lines_ = lines->size();
    }
    trees_[id] = lines;
    return lines;
  }

  // "MODE NAME\0" and the bytes of the id, again and again.
  static tree_lines parse_tree(const git_object& tree) {
    const std::string& text = tree.content;
    const std::size_t id_size = tree.id.size() / 2;
    tree_lines lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t space = text.find(' ', at), end = text.find('\0', space);
      if (end == text.npos || text.size() - end - 1 < id_size) break;
      tree_line& line = lines[text.substr(space + 1, end - space - 1)];
      line.mode =
          std::string(6 - std::min<std::size_t>(6, space - at), '0') + text.substr(at, space - at);
      for (std::size_t i = end + 1; i <= end + id_size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        line.id += "0123456789abcdef"[byte >> 4];
        line.id += "0123456789abcdef"[byte & 15];
      }
      at = end + 1 + id_size;
    }
    return lines;
  }

  std::string path_;
  git_batch batch_;
  std::mutex trees_mutex_;
  std::map<std::string, std::shared_ptr<const tree_lines>> trees_;
  std::size_t kept_lines_ = 0;
};

}  // namespace ota::host
