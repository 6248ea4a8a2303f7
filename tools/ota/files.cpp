// Files as commands read and write them: whole, or with an error that names the file.

#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "text.hpp"

namespace ota_tool {
namespace {

namespace fs = std::filesystem;

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

[[noreturn]] void cannot_write(const std::string& path, int why) {
  throw std::runtime_error("cannot write " + shown(path) + ": " + std::strerror(why));
}

}  // namespace

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  if (file && !fs::is_directory(path)) content.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || fs::is_directory(path)) throw std::runtime_error("cannot read " + shown(path));
  return content;
}

fs::path place_of(const fs::path& out) {
  fs::path place = fs::weakly_canonical(fs::absolute(out));
  const auto status = fs::status(place);
  if (fs::exists(fs::status(out)) && !fs::is_regular_file(status))
    throw std::runtime_error(shown(out.string()) + " is not a file");
  return place;
}

// The file beside it is hidden, so that no manifest ever lists what a killed run has left.
void replace_file(const fs::path& place, const std::string& text) {
  const fs::path beside = place.parent_path() / ("." + place.filename().string() + ".tmp");
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int failure = file < 0 || !write_all(file, text) ? errno : 0;
  if (file >= 0 && ::close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(beside.c_str(), place.c_str()) != 0) failure = errno;
  if (failure == 0) return;
  if (file >= 0) ::unlink(beside.c_str());
  cannot_write(place.string(), failure);
}

void create_file(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (file < 0 && errno == EEXIST)
    throw std::runtime_error(shown(path) + " is there already, and is not replaced");
  if (file < 0) cannot_write(path, errno);
  int failure = write_all(file, text) ? 0 : errno;
  if (::close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0) return;
  ::unlink(path.c_str());
  cannot_write(path, failure);
}

}  // namespace ota_tool
