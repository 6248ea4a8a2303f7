// ota image send: an image over a serial line. docs/serial.md describes what travels.

#include <cstdio>
#include <stdexcept>

#include "command.hpp"
#include "files.hpp"
#include "ota/host/image_sender.hpp"
#include "progress.hpp"
#include "serial_port.hpp"
#include "text.hpp"

namespace ota_tool {

int run_image_send(const arguments& args) {
  const std::string image = content_of(args.text("FILE"));
  serial_port port(args.text("port"),
                   static_cast<unsigned>(args.number("baud", 115200, 4'000'000)));
  ota::host::image_sender<serial_port> sender(port);
  progress_line line;
  const auto show = [&](std::uint32_t offset) {
    line.draw(percent_of(offset / static_cast<double>(image.size()), image.size()));
  };
  try {
    sender.send(ota::as_bytes(image), show);
  } catch (const std::runtime_error& failure) {  // in the words of the device
    throw std::runtime_error(shown(failure.what()));
  }
  line.wipe();
  std::printf("the device has the image: %zu bytes\n", image.size());
  return 0;
}

}  // namespace ota_tool
