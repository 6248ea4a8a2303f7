// A storage policy of one's own in a page, and the proof that updates on it survive power cuts.
//
// The storage here is a std::map, as a stand-in for whatever a board has: a FRAM chip, a database,
// a file system of its own. Replace the bodies; the proof below stays as it is.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include <ota/ota.hpp>
#include <ota/testing/prove_power_safe.hpp>
#include <ota/testing/storage_conformance.hpp>

class map_storage {
 public:
  ota::result<ota::file_info> stat(std::string_view path) {
    ota::file_info info;
    const auto found = files_.find(std::string(path));
    if (found != files_.end()) {
      info.kind = ota::file_kind::file;
      info.size = found->second.size();
    } else if (holds_below(path)) {
      info.kind = ota::file_kind::directory;
    }
    return info;
  }

  ota::result<std::size_t> read(std::string_view path, std::uint64_t offset,
                                ota::mutable_bytes out) {
    const auto found = files_.find(std::string(path));
    if (found == files_.end()) return no_such_file;
    const std::string& text = found->second;
    const std::size_t first = std::min<std::size_t>(text.size(), offset);
    const std::size_t size = std::min(out.size(), text.size() - first);
    std::copy_n(text.data() + first, size, out.data());
    return size;
  }

  ota::result<void> write(std::string_view path, std::uint64_t offset, ota::bytes data) {
    if (!fits(path)) return in_the_way;
    std::string& text = files_[std::string(path)];
    if (offset == 0) text.clear();
    if (offset != text.size()) return not_at_end;
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  }

  ota::result<void> rename(std::string_view from, std::string_view to) {
    const auto found = files_.find(std::string(from));
    if (found == files_.end()) return no_such_file;
    if (!fits(to)) return in_the_way;
    std::string text = std::move(found->second);
    files_.erase(found);
    files_[std::string(to)] = std::move(text);
    return {};
  }

  ota::result<void> remove(std::string_view path) {
    if (files_.erase(std::string(path)) != 0 || !holds_below(path)) return {};
    return not_empty;
  }

  ota::result<void> sync() { return {}; }

  ota::result<std::uint64_t> free_space() { return std::uint64_t{1} << 20; }

  template <class Visit>
  ota::result<void> list(std::string_view directory, Visit&& visit) {
    const std::string prefix = directory.empty() ? "" : std::string(directory) + "/";
    std::string last;
    for (const auto& [path, text] : files_) {
      if (path.compare(0, prefix.size(), prefix) != 0) continue;
      const std::size_t slash = path.find('/', prefix.size());
      const std::string name = path.substr(prefix.size(), slash - prefix.size());
      if (name == last) continue;
      last = name;
      const bool is_file = slash == std::string::npos;
      if (!visit(name, is_file ? ota::file_kind::file : ota::file_kind::directory)) break;
    }
    return {};
  }

 private:
  static constexpr ota::error no_such_file{ota::errc::not_found, "map", "no such file"};
  static constexpr ota::error in_the_way{ota::errc::exists, "map", "something is in the way"};
  static constexpr ota::error not_at_end{ota::errc::invalid_argument, "map", "a write must append"};
  static constexpr ota::error not_empty{ota::errc::not_empty, "map",
                                        "the directory still holds something"};

  bool holds_below(std::string_view directory) const {
    const std::string prefix = std::string(directory) + "/";
    const auto next = files_.lower_bound(prefix);
    return next != files_.end() && next->first.compare(0, prefix.size(), prefix) == 0;
  }

  // A file may lie neither where a directory is nor below a file.
  bool fits(std::string_view path) const {
    if (holds_below(path)) return false;
    for (auto above = ota::parent_path(path); !above.empty(); above = ota::parent_path(above))
      if (files_.count(std::string(above)) != 0) return false;
    return true;
  }

  std::map<std::string, std::string> files_;
};

namespace {

using cut_storage = ota::testing::power_cut_storage<map_storage>;

// The update to be proved: what `ota::updater` does once everything is staged. (An update with a
// server in it can be proved too: the library's own tests do.)
ota::result<void> swap_in_new_version(cut_storage& storage) {
  ota::entry item;
  ota::entry_writer plan;
  plan.begin(ota::layout::plan);
  const char* const paths[] = {"lib/new.py", "main.py"};
  for (const char* path : paths) {
    const auto staged = ota::detail::staged_path(plan.count());
    if (auto done = storage.write(staged, 0, ota::as_bytes("two")); !done) return done;
    item.path.assign(path);
    if (auto done = plan.add(storage, item); !done) return done;
  }
  item.kind = ota::entry_kind::remove;
  item.path.assign("lib/old.py");
  if (auto done = plan.add(storage, item); !done) return done;
  if (auto done = plan.flush(storage); !done) return done;
  if (auto done = storage.sync(); !done) return done;

  ota::swapper<cut_storage> swapper(storage);
  if (auto done = swapper.load(); !done) return done;
  if (auto done = swapper.begin(ota::version_id{1}, plan.count(), 1); !done) return done;
  for (;;) {
    const auto more = swapper.step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

// What the device does at its start.
ota::result<void> recover(cut_storage& storage) {
  ota::swapper<cut_storage> swapper(storage);
  if (auto done = swapper.load(); !done) return done;
  for (;;) {
    const auto more = swapper.step();
    if (!more) return more.error();
    if (!*more) return {};
  }
}

}  // namespace

int main() {
  map_storage storage;
  const std::string broken_rule = ota::testing::check_storage(storage);
  if (!broken_rule.empty()) {
    std::printf("the storage breaks its contract: %s\n", broken_rule.c_str());
    return 1;
  }

  for (const char* path : {"main.py", "lib/old.py"})
    if (!storage.write(path, 0, ota::as_bytes("one"))) return 1;
  const auto report = ota::testing::prove_power_safe(storage, swap_in_new_version, recover);
  std::printf("%s\n", report.to_json().c_str());
  if (report.broken != 0) std::printf("%s\n", report.first_broken.c_str());
  return report.broken == 0 ? 0 : 1;
}
