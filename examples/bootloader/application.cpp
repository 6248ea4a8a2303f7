// The program that the bootloader starts: confirms itself when its self-test passes, then receives
// the next image over the serial line (docs/serial.md; `ota image send` is the other side), stages
// it and starts again.
#include <ota/image/serial_receiver.hpp>

#include "device.hpp"
#include "say.hpp"

#if !defined(APPLICATION_VERSION)
#define APPLICATION_VERSION "1.0.0"
#endif

namespace {

// What must work in a new version before the old one is given up: here, whatever the build says.
bool self_test_passes() {
#if defined(APPLICATION_HANGS)
  for (;;) asm volatile("wfi");  // for an interrupt that never comes
#elif defined(APPLICATION_FAILS)
  return false;
#else
  return true;
#endif
}

void tell_failure(const char* what, const ota::error& failure) {
  say(what);
  say(failure);
  say("\n");
}

void receive(device::swapper& images) {
  ota::image_stager<device::swapper> stager(images);
  ota::serial_receiver receiver(stager);
  while (!receiver.finished()) {
    board::feed_watchdog();
    const int byte = board::read();
    if (byte < 0 || !receiver.feed(static_cast<std::uint8_t>(byte))) continue;
    for (const std::uint8_t out : receiver.answer()) board::write(out);
  }
}

}  // namespace

extern "C" void fault_handler() { board::reset(); }

extern "C" void program() {
  board::start();
  say("application " APPLICATION_VERSION "\n");
  device::flash flash;
  device::swapper images(flash);
  if (auto loaded = images.load(); !loaded) tell_failure("boot journal: ", loaded.error());

  if (images.phase() == ota::image_phase::trial) {
    if (!self_test_passes()) {
      say("self-test failed\n");
      board::reset();  // the bootloader puts the old version back
    }
    if (auto kept = images.confirm(); !kept) tell_failure("confirm: ", kept.error());
    say("confirmed\n");
  }

  say("ready\n");
  receive(images);
  // Three starts until it must be confirmed: that the power is cut in one is not its fault.
  if (auto asked = images.swap(3); !asked) tell_failure("swap: ", asked.error());
  say("restarting\n");
  board::reset();
}
