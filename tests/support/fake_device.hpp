#pragma once

#include <string>
#include <utility>

#include "fake_github.hpp"
#include "ota/storage/memory_files.hpp"
#include "ota/updater.hpp"

namespace ota_test {

/// A commit id that is easy to recognise: forty times the same digit.
inline std::string commit_of(char digit) { return std::string(40, digit); }

/// A configuration that follows branch `main` of o/r on a server that `fake_github` plays.
constexpr ota::config small_config() {
  ota::config settings;
  settings.owner = "o";
  settings.repo = "r";
  settings.channel = "developer";
  settings.api = "http://api";
  settings.raw = "http://raw";
  settings.reset = ota::reset_mode::none;
  return settings;
}

/// A storage policy that works on somebody else's storage, so that it outlives the device.
template <class Storage>
class borrowed_storage {
 public:
  explicit borrowed_storage(Storage& storage) : storage_(&storage) {}

  auto stat(std::string_view path) { return storage_->stat(path); }
  auto read(std::string_view path, std::uint64_t offset, ota::mutable_bytes out) {
    return storage_->read(path, offset, out);
  }
  auto write(std::string_view path, std::uint64_t offset, ota::bytes data) {
    return storage_->write(path, offset, data);
  }
  auto rename(std::string_view from, std::string_view to) { return storage_->rename(from, to); }
  auto remove(std::string_view path) { return storage_->remove(path); }
  auto sync() { return storage_->sync(); }
  auto free_space() { return storage_->free_space(); }
  template <class Visit>
  ota::result<void> list(std::string_view directory, Visit&& visit) {
    return storage_->list(directory, std::forward<Visit>(visit));
  }
  template <class S = Storage>
  auto set_executable(std::string_view path, bool on)
      -> decltype(std::declval<S&>().set_executable(path, on)) {
    return storage_->set_executable(path, on);
  }

 private:
  Storage* storage_;
};

/// A device with files in memory and a GitHub in memory.
template <class Storage>
struct device;

template <class Storage>
struct device<Storage&> {
  struct policies : ota::default_policies {
    using storage = borrowed_storage<Storage>;
    using http = fake_github;
  };

  device(const ota::config& settings, Storage& storage, fake_github::state& github)
      : updater(settings, borrowed_storage<Storage>(storage), fake_github(github)) {}

  ota::update_outcome run() {
    (void)updater.run();
    return updater.outcome();
  }

  ota::updater<policies> updater;
};

/// Every file of a storage outside the library's own, with its content and mode.
template <class Storage>
tree read_tree(Storage& storage, const std::string& directory = "") {
  tree found;
  std::vector<std::pair<std::string, ota::file_kind>> names;
  (void)storage.list(directory, [&](std::string_view name, ota::file_kind kind) {
    names.emplace_back(directory.empty() ? std::string(name) : directory + "/" + std::string(name),
                       kind);
    return true;
  });
  for (const auto& [path, kind] : names) {
    if (ota::detail::is_own_path(path)) continue;
    if (kind == ota::file_kind::directory) {
      found.merge(read_tree(storage, path));
      continue;
    }
    const auto info = storage.stat(path);
    std::string content(static_cast<std::size_t>(info->size), '\0');
    (void)storage.read(path, 0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
    found[path] = {content, info->executable};
  }
  return found;
}

inline bool operator==(const repository_file& a, const repository_file& b) {
  return a.content == b.content && a.executable == b.executable;
}

}  // namespace ota_test
