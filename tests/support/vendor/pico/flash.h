#pragma once

// Raspberry Pi Pico-series C/C++ SDK 2.x, "pico_flash".

#include <cstdint>

extern "C" int flash_safe_execute(void (*func)(void*), void* param,
                                  std::uint32_t enter_exit_timeout_ms);
