#pragma once

#include <cstdint>

#include "registers.hpp"

/// Raspberry Pi Pico: UART0 on GPIO 0 (out) and 1 (in), 115,200 baud, polled; the processor runs
/// from the crystal, at 12 MHz. RP2040 datasheet: 2.14 (resets), 2.15 (clocks), 2.16 (crystal),
/// 2.19 (GPIO), 4.2 (UART, a PL011), 4.7 (watchdog).
struct board_rp2040 {
  static void start() {
    reg(xosc) = 0xaa0;               // 1 to 15 MHz
    reg(xosc + 0x0c) = 47;           // 1 ms to settle
    reg(xosc + set) = 0xfabu << 12;  // on
    while ((reg(xosc + 0x04) >> 31) == 0) {
    }
    reg(clocks + 0x30) = 2;  // clk_ref, and so clk_sys, from the crystal
    while ((reg(clocks + 0x38) & 4) == 0) {
    }
    reg(clocks + 0x48) = 1u << 11;  // clk_peri from clk_sys

    constexpr std::uint32_t io_bank0 = 1u << 5, pads_bank0 = 1u << 8, uart0 = 1u << 22;
    constexpr std::uint32_t used = io_bank0 | pads_bank0 | uart0;
    reg(resets + clear) = used;
    while ((reg(resets + 0x08) & used) != used) {
    }
    reg(io_bank + 0x04) = 2;  // GPIO 0 and 1 to the UART
    reg(io_bank + 0x0c) = 2;
    reg(uart + 0x24) = 6;  // 12 MHz / 16 / 115,200 = 6 + 33/64
    reg(uart + 0x28) = 33;
    reg(uart + 0x2c) = 0x70;   // 8 bits, FIFOs
    reg(uart + 0x30) = 0x301;  // on, both ways
  }

  static void write(std::uint8_t byte) {
    while ((reg(uart + 0x18) & 1u << 5) != 0) {  // full
    }
    reg(uart) = byte;
  }

  /// The next byte that came; -1: none yet.
  static int read() {
    if ((reg(uart + 0x18) & 1u << 4) != 0) return -1;  // empty
    return static_cast<std::uint8_t>(reg(uart));
  }

  /// Resets the chip unless it is fed every 8 seconds; the longest that it can (it counts twice
  /// each microsecond: erratum RP2040-E1).
  static void start_watchdog() {
    reg(watchdog + 0x2c) = 1u << 9 | 12;  // TICK: from the crystal, each microsecond
    reg(power_on) = 0x0001fffc;           // WDSEL: all but the oscillators
    feed_watchdog();
    reg(watchdog + set) = 1u << 30;  // CTRL, ENABLE
  }
  static void feed_watchdog() { reg(watchdog + 0x04) = 0xffffff; }

  /// By the watchdog, which resets all but the oscillators.
  [[noreturn]] static void reset() {
    while ((reg(uart + 0x18) & 1u << 3) != 0) {  // still sending
    }
    reg(power_on) = 0x0001fffc;
    reg(watchdog + set) = 1u << 31;  // CTRL, TRIGGER
    for (;;) {
    }
  }

  [[noreturn]] static void start_program(std::uint32_t vectors) {
    reg(0xe000ed08) = vectors;  // VTOR
    jump(vectors);
  }

 private:
  static constexpr std::uint32_t set = 0x2000, clear = 0x3000;  // atomic aliases, 2.1.2
  static constexpr std::uint32_t clocks = 0x40008000;
  static constexpr std::uint32_t resets = 0x4000c000;
  static constexpr std::uint32_t io_bank = 0x40014000;
  static constexpr std::uint32_t xosc = 0x40024000;
  static constexpr std::uint32_t power_on = 0x40010008;
  static constexpr std::uint32_t uart = 0x40034000;
  static constexpr std::uint32_t watchdog = 0x40058000;
};
