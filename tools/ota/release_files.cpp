// Which files belong to a release: all below the root, or those of a list, or what globs match.

#include "release_files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>

#include "glob.hpp"
#include "ota/core/path.hpp"
#include "ota/manifest/entry.hpp"
#include "text.hpp"

namespace ota_tool {
namespace {

namespace fs = std::filesystem;
using paths = std::vector<std::string>;

bool is_hidden(std::string_view path) {
  return path.front() == '.' || path.find("/.") != std::string_view::npos;
}

[[noreturn]] void refuse(std::string_view path, const std::string& why) {
  throw std::runtime_error(shown(path) + " " + why);
}

void check(std::string_view path) {
  const std::string why = why_refused(path);
  if (!why.empty()) refuse(path, why);
}

// What there is to know for choosing files.
class chooser {
 public:
  chooser(const fs::path& root, const arguments& args, const fs::path& out)
      : root_(fs::canonical(root)), given_root_(fs::absolute(root).lexically_normal()), out_(out) {
    exclude_ = args.all("exclude");
    if (!args.has("exclude")) exclude_ = {".git*", ".ota_*", "__pycache__", "*.pyc", "*.pyo"};
    for (const std::string& pattern : exclude_)
      if (parts_of(pattern).empty()) throw usage_error("--exclude needs a pattern");
  }

  paths listed(const fs::path& list) const {
    paths found;
    for (const std::string& line : lines_of(list)) {
      const std::string path = below_root(line);
      if (path.empty()) refuse(line, "is not below the root");
      if (excluded(path) || root_ / path == out_) continue;
      check(path);
      check_file(path);
      found.push_back(path);
    }
    return found;
  }

  paths included(const paths& patterns) const {
    paths wanted, found;
    for (const std::string& pattern : patterns) wanted.push_back(checked_include(pattern));
    search([&](const std::string& path, const std::string& file) {
      for (const std::string& pattern : wanted)
        if (is_included(path, pattern)) return found.push_back(file);
    });
    return found;
  }

  paths all() const {
    paths found;
    search([&](const std::string&, const std::string& file) { found.push_back(file); });
    return found;
  }

 private:
  // Calls `found(path, file)` for each; they differ for a link and the file that it leads to.
  // Hidden and excluded folders are not entered, and links to folders are not followed.
  template <class Found>
  void search(Found&& found) const {
    const auto end = fs::recursive_directory_iterator();
    for (auto at = fs::recursive_directory_iterator(root_); at != end; ++at) {
      const std::string path = at->path().lexically_relative(root_).generic_string();
      if (is_hidden(path) || excluded(path)) {
        at.disable_recursion_pending();
        continue;
      }
      std::error_code dangling;
      if (!at->is_regular_file(dangling)) continue;
      const std::string file = at->is_symlink() ? behind_link(path) : path;
      if (!file.empty() && root_ / file != out_) found(path, file);
    }
  }

  std::string checked_include(const std::string& pattern) const {
    std::string path = below_root(pattern);
    if (path.empty()) throw usage_error("--include " + shown(pattern) + " is not below the root");
    if (is_hidden(path))
      throw usage_error("--include " + shown(pattern) + ": devices refuse hidden files");
    return path;
  }

  bool excluded(const std::string& path) const {
    return std::any_of(exclude_.begin(), exclude_.end(),
                       [&](const auto& pattern) { return is_excluded(path, pattern); });
  }

  // A path as someone writes it, relative to the root; empty when it is not below it.
  std::string below_root(const std::string& text) const {
    const fs::path path = fs::path(text).lexically_normal();
    if (!path.is_absolute()) return if_below(path);
    const std::string relative = if_below(path.lexically_relative(root_));
    return relative.empty() ? if_below(path.lexically_relative(given_root_)) : relative;
  }

  static std::string if_below(const fs::path& relative) {
    std::string path = relative.generic_string();
    if (path.empty() || path == "." || *relative.begin() == "..") return {};
    if (path.back() == '/') path.pop_back();
    return path;
  }

  // The file that a link leads to, which is listed in its place; empty if it is not to be listed.
  std::string behind_link(const std::string& link) const {
    const fs::path target = fs::canonical(root_ / link);
    if (target == out_) return {};
    const std::string path = if_below(target.lexically_relative(root_));
    if (path.empty()) refuse(link, "is a symbolic link that leads out of the root; --exclude it");
    return is_hidden(path) || excluded(path) ? std::string() : path;
  }

  void check_file(const std::string& path) const {
    fs::path part = root_;
    for (const std::string& name : parts_of(path))
      if (fs::is_symlink(part /= name))
        refuse(path, part == root_ / path ? "is a symbolic link; list what it leads to"
                                          : "lies behind a symbolic link");
    const auto status = fs::status(part);
    if (!fs::exists(status)) refuse(path, "does not exist below the root");
    if (!fs::is_regular_file(status)) refuse(path, "is not a file");
  }

  fs::path root_, given_root_, out_;
  paths exclude_;
};

// Some devices' file systems make no difference of case. A path is then another's name, or lies
// in it as if it were a directory.
void check_case(const paths& files) {
  std::map<std::string, std::string> seen;
  for (const std::string& path : files) {
    const auto [other, is_new] = seen.emplace(lower_case(path), path);
    if (!is_new) refuse(path, "and " + shown(other->second) + " are one file to some devices");
  }
  for (const std::string& path : files)
    for (auto parent = ota::parent_path(path); !parent.empty(); parent = ota::parent_path(parent)) {
      const auto other = seen.find(lower_case(std::string(parent)));
      if (other != seen.end())
        refuse(path, "lies in the file " + shown(other->second) + " to some devices");
    }
}

}  // namespace

std::string why_refused(std::string_view path) {
  if (!is_utf8(path)) return "is not UTF-8, as a manifest must be";
  if (!ota::is_valid_path(path))
    return "is an invalid path: it must be relative, without empty parts, `.`, `..`, backslashes "
           "or control characters";
  if (path.size() > ota::max_path) return "is longer than the 255 bytes that devices take";
  if (is_hidden(path)) return "is hidden (a name begins with `.`), which devices refuse";
  return {};
}

paths lines_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path))
    throw std::runtime_error("cannot read " + shown(path.string()));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.compare(0, 3, "\xef\xbb\xbf") == 0) text.erase(0, 3);
  std::replace(text.begin(), text.end(), '\r', '\n');
  paths lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const auto first = line.find_first_not_of(" \t"), last = line.find_last_not_of(" \t");
    if (first != std::string::npos && line[first] != '#')
      lines.push_back(line.substr(first, last - first + 1));
  }
  return lines;
}

paths release_files(const fs::path& root, const arguments& args, const fs::path& out) {
  const chooser choose(root, args, out);
  const paths include = args.all("include");
  paths found = args.has("file-list") ? choose.listed(args.text("file-list"))
                : !include.empty()    ? choose.included(include)
                                      : choose.all();
  // As Python sorts paths: `lib/a` stands before `lib-b`, as if `/` were the first character.
  std::sort(found.begin(), found.end(), [](const std::string& one, const std::string& other) {
    return parts_of(one) < parts_of(other);
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (const std::string& path : found) check(path);
  check_case(found);
  return found;
}

}  // namespace ota_tool
