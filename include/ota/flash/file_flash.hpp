#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../storage/posix_error.hpp"
#include "flash_policy.hpp"

namespace ota {

/// A flash in a file of a POSIX system: for tools, simulations, and Linux devices that keep images
/// in a partition. `Chip` is whatever has the geometry: another flash policy, or a struct of one
/// line. Erases and programs as the chip does, and each is on disk when it returns.
template <class Chip>
class file_flash {
 public:
  static constexpr auto geometry = Chip::geometry;

  file_flash() = default;
  ~file_flash() { close(); }
  file_flash(file_flash&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  file_flash& operator=(file_flash&& other) noexcept {
    close();
    file_ = std::exchange(other.file_, -1);
    return *this;
  }

  /// Opens the file, or makes one that is erased. It must be as large as the flash.
  result<void> open(const char* path) {
    close();
    file_ = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) return detail::posix_error(no_open);
    const off_t size = ::lseek(file_, 0, SEEK_END);
    if (size == static_cast<off_t>(geometry.size())) return {};
    if (size != 0) return wrong_size;
    return fill(0, geometry.size());
  }

  result<void> read(std::uint32_t address, mutable_bytes out) {
    while (!out.empty()) {
      const ssize_t got = ::pread(file_, out.data(), out.size(), static_cast<off_t>(address));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return detail::posix_error(no_read);
      out = out.drop(static_cast<std::size_t>(got));
      address += static_cast<std::uint32_t>(got);
    }
    return {};
  }

  result<void> program(std::uint32_t address, bytes data) {
    std::uint8_t piece[piece_size];
    while (!data.empty()) {
      const mutable_bytes cells = mutable_bytes(piece).first(data.size());
      if (auto done = read(address, cells); !done) return done;
      // A cell that has left its erased value stays so.
      for (std::size_t i = 0; i < cells.size(); ++i)
        cells[i] = geometry.erased == 0 ? cells[i] | data[i] : cells[i] & data[i];
      if (auto done = write(address, cells); !done) return done;
      data = data.drop(cells.size());
      address += static_cast<std::uint32_t>(cells.size());
    }
    return sync();
  }

  result<void> erase(std::uint32_t address) { return fill(address, geometry.sector_size(address)); }

 private:
  static_assert(geometry.erased == 0xff || geometry.erased == 0,
                "erased cells are all ones or zeros");

  static constexpr std::size_t piece_size = 512;

  static constexpr error no_open{errc::storage, "flash", "cannot open the flash's file"};
  static constexpr error wrong_size{errc::invalid_argument, "flash",
                                    "the file is not as large as the flash"};
  static constexpr error no_read{errc::storage, "flash", "cannot read the flash's file"};
  static constexpr error no_write{errc::storage, "flash", "cannot write the flash's file"};
  static constexpr error no_sync{errc::storage, "flash", "cannot sync the flash's file"};

  result<void> write(std::uint32_t address, bytes data) {
    while (!data.empty()) {
      const ssize_t put = ::pwrite(file_, data.data(), data.size(), static_cast<off_t>(address));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return detail::posix_error(no_write);
      data = data.drop(static_cast<std::size_t>(put));
      address += static_cast<std::uint32_t>(put);
    }
    return {};
  }

  result<void> fill(std::uint32_t address, std::uint32_t size) {
    std::uint8_t piece[piece_size];
    for (std::uint8_t& cell : piece) cell = geometry.erased;
    while (size != 0) {
      const bytes cells = bytes(piece).first(size);
      if (auto done = write(address, cells); !done) return done;
      address += static_cast<std::uint32_t>(cells.size());
      size -= static_cast<std::uint32_t>(cells.size());
    }
    return sync();
  }

  result<void> sync() {
    if (::fdatasync(file_) != 0) return detail::posix_error(no_sync);
    return {};
  }

  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

  int file_ = -1;
};

}  // namespace ota
