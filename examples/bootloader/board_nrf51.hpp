#pragma once

#include <cstdint>

#include "registers.hpp"

/// micro:bit with an nRF51822: the serial line that its USB chip passes on (P0.24 out, P0.25 in),
/// 115,200 baud, polled. nRF51 Series Reference Manual v3: chapters 13 (clock), 14 (GPIO), 20
/// (watchdog), 29 (UART).
struct board_nrf51 {
  static void start() {
    reg(hfclk_start) = 1;
    while (reg(hfclk_started) == 0) {
    }
    reg(out_set) = 1u << tx_pin;
    reg(direction_set) = 1u << tx_pin;
    reg(pin_configuration + 4 * rx_pin) = 0;  // an input
    reg(uart_tx_pin) = tx_pin;
    reg(uart_rx_pin) = rx_pin;
    reg(uart_baud_rate) = 0x01d7e000;
    reg(uart_enable) = 4;
    reg(uart_start_rx) = 1;
    reg(uart_start_tx) = 1;
  }

  static void write(std::uint8_t byte) {
    reg(uart_tx) = byte;
    while (reg(uart_sent) == 0) {
    }
    reg(uart_sent) = 0;
  }

  /// The next byte that came; -1: none yet.
  static int read() {
    if (reg(uart_received) == 0) return -1;
    reg(uart_received) = 0;
    return static_cast<std::uint8_t>(reg(uart_rx));
  }

  /// Resets the chip unless it is fed every 16 seconds; cannot be stopped (chapter 20).
  static void start_watchdog() {
    reg(watchdog_reload) = 16 * 32768;
    reg(watchdog_start) = 1;
  }
  static void feed_watchdog() { reg(watchdog_feed) = 0x6e524635; }

  [[noreturn]] static void reset() {
    reg(0xe000ed0c) = 0x05fa0004;  // AIRCR: SYSRESETREQ
    for (;;) {
    }
  }

  /// The program whose vectors stand there. A Cortex-M0 takes interrupts by the vectors at address
  /// 0 whatever runs, so startup.cpp passes them on.
  [[noreturn]] static void start_program(std::uint32_t vectors) {
    reg(passed_on) = vectors;
    jump(vectors);
  }

  static constexpr std::uint32_t passed_on = 0x20000000;  ///< nrf51.ld keeps this word free

 private:
  static constexpr std::uint32_t tx_pin = 24, rx_pin = 25;

  static constexpr std::uint32_t hfclk_start = 0x40000000, hfclk_started = 0x40000100;
  static constexpr std::uint32_t out_set = 0x50000508, direction_set = 0x50000518;
  static constexpr std::uint32_t pin_configuration = 0x50000700;
  static constexpr std::uint32_t watchdog_start = 0x40010000, watchdog_reload = 0x40010504;
  static constexpr std::uint32_t watchdog_feed = 0x40010600;
  static constexpr std::uint32_t uart_start_rx = 0x40002000, uart_start_tx = 0x40002008;
  static constexpr std::uint32_t uart_received = 0x40002108, uart_sent = 0x4000211c;
  static constexpr std::uint32_t uart_enable = 0x40002500;
  static constexpr std::uint32_t uart_tx_pin = 0x4000250c, uart_rx_pin = 0x40002514;
  static constexpr std::uint32_t uart_rx = 0x40002518, uart_tx = 0x4000251c;
  static constexpr std::uint32_t uart_baud_rate = 0x40002524;
};
