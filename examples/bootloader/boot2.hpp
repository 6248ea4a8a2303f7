#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// The first 256 bytes of an RP2040's flash: the boot ROM copies them to RAM, checks their sum and
/// runs them (RP2040 datasheet, 2.8.1.2); they have to make flash readable. These do it with the
/// plain read command (03h) that every NOR flash knows, at a quarter of the system clock, then
/// start the program behind them; or return, where a flash policy calls them.
namespace boot2 {

// Registers of the SSI: datasheet, 4.10.13.
constexpr std::uint32_t frames_of_32_bits = 31u << 16 | 3u << 8;       // CTRLR0: DFS_32, TMOD
constexpr std::uint32_t read_command = 0x03u << 24 | 2 << 8 | 6 << 2;  // SPI_CTRLR0: 24-bit address
constexpr std::uint32_t vectors = 0x10000100;
constexpr std::uint32_t vtor = 0xe000ed08;

constexpr std::uint16_t low(std::uint32_t word) { return static_cast<std::uint16_t>(word); }
constexpr std::uint16_t high(std::uint32_t word) { return static_cast<std::uint16_t>(word >> 16); }

constexpr std::uint16_t code[] = {0x2018,
                                  0x0600,  //     r0 = 0x18000000, the SSI
                                  0x2100,
                                  0x6081,  //     SSIENR = 0: off, so that it can be set up
                                  0x2204,
                                  0x6142,  //     BAUDR = 4
                                  0x6041,  //     CTRLR1 = 0: one frame a read
                                  0x4a09,
                                  0x6002,  //     CTRLR0 = frames_of_32_bits
                                  0x4a09,
                                  0x23f4,  //
                                  0x50c2,  //     SPI_CTRLR0 = read_command
                                  0x2201,
                                  0x6082,  //     SSIENR = 1: from now on flash can be read
                                  0x4672,
                                  0x2a00,  //     the boot ROM leaves 0 in lr
                                  0xd106,  //     bne return
                                  0x4806,
                                  0x4906,  //
                                  0x6008,  //     VTOR = vectors
                                  0xc806,  //     r1 = vectors[0], r2 = vectors[1]
                                  0xf381,
                                  0x8808,  //     msr msp, r1
                                  0x4710,  //     bx r2
                                  0x4770,
                                  0x46c0,  // return: bx lr
                                  low(frames_of_32_bits),
                                  high(frames_of_32_bits),
                                  low(read_command),
                                  high(read_command),
                                  low(vectors),
                                  high(vectors),
                                  low(vtor),
                                  high(vtor)};

/// CRC-32 with the highest bit first and no final inversion, as the boot ROM computes it
/// (datasheet, 2.8.1.3.1).
constexpr std::uint32_t checksum(const std::uint8_t* data, std::size_t size) {
  std::uint32_t sum = 0xffffffff;
  for (std::size_t i = 0; i < size; ++i) {
    sum ^= static_cast<std::uint32_t>(data[i]) << 24;
    for (int bit = 0; bit < 8; ++bit) sum = sum << 1 ^ ((sum >> 31) != 0 ? 0x04c11db7u : 0u);
  }
  return sum;
}

constexpr std::array<std::uint8_t, 256> with_checksum() {
  std::array<std::uint8_t, 256> all{};
  for (std::size_t i = 0; i < sizeof code; ++i)
    all[i] = static_cast<std::uint8_t>(code[i / 2] >> (i % 2 * 8));
  const std::uint32_t sum = checksum(all.data(), 252);
  for (std::size_t i = 0; i < 4; ++i) all[252 + i] = static_cast<std::uint8_t>(sum >> 8 * i);
  return all;
}

[[gnu::section(".boot2"), gnu::used]] constexpr auto image = with_checksum();

}  // namespace boot2
