#pragma once

#include <cstdint>
#include <string>

#include "ota/core/bytes.hpp"

namespace ota_tool {

/// A serial line: a device of the system, or a Unix socket (`unix:PATH`), as emulators have.
///
/// Where the other end vanishes, as the USB port of a device does that starts again, it is opened
/// anew as soon as it is back; until then nothing comes.
class serial_port {
 public:
  /// Throws where there is nothing that can be opened.
  serial_port(std::string name, unsigned baud);
  ~serial_port();
  serial_port(const serial_port&) = delete;
  serial_port& operator=(const serial_port&) = delete;

  void write(ota::bytes data);

  /// What has come, at most `timeout_ms` later; 0: nothing.
  std::size_t read(ota::mutable_bytes out, std::uint32_t timeout_ms);

 private:
  bool open();
  void close();

  std::string name_;
  unsigned baud_;
  int fd_ = -1;
};

}  // namespace ota_tool
