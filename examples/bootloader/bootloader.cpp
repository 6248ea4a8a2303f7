// A complete bootloader: ends or undoes a swap, counts the starts of an image on trial, verifies,
// and starts what may run. Nothing else: the application receives and stages (application.cpp).
#include <ota/image/image_boot.hpp>

#include "device.hpp"
#include "say.hpp"

#if defined(BOARD_RP2040)
#include "boot2.hpp"
#endif

extern "C" void fault_handler() { board::reset(); }

extern "C" void program() {
  // Runs on in the application, which feeds it: a new version that hangs is not confirmed in time.
  board::start_watchdog();
  device::flash flash;
  device::swapper swapper{flash};
  const auto slot = ota::image_boot<device::swapper>(swapper).choose(board::feed_watchdog);
  if (slot) {
    const auto image = ota::read_image(flash, *slot);
    if (image) board::start_program(device::flash_begin + slot->begin + image->header_size);
  }
  // Nothing is left that may run. An image can still be written by the debugger.
  board::start();
  say("no image to start: ");
  say(slot.error());
  say("\n");
  for (;;) board::feed_watchdog();
}
