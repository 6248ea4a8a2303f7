#pragma once

// Everything a device needs. See README.md for the first ten lines of a program.

#include "manifest/signed_by.hpp"
#include "policies.hpp"
#include "sign/ecdsa_p256.hpp"
#include "sign/ed25519.hpp"
#include "sign/rsa.hpp"
#include "storage/memory_files.hpp"
#include "updater.hpp"

#include "flash/joined_flash.hpp"
#include "flash/nrf_nvmc.hpp"
#include "flash/rp2040.hpp"
#include "flash/stm32f4.hpp"
#include "image/esp_image.hpp"
#include "image/esp_otadata.hpp"
#include "image/flash_wear.hpp"
#include "image/image_boot.hpp"
#include "image/image_patcher.hpp"
#include "image/image_slots.hpp"
#include "image/mcuboot_image.hpp"
#include "image/mcuboot_slots.hpp"
#include "image/overwrite_with_backup.hpp"
#include "image/patch_in_place.hpp"
#include "image/patch_inbox.hpp"
#include "image/serial_receiver.hpp"
#include "image/swap_by_moving.hpp"
#include "image/swap_with_scratch.hpp"
#include "image/two_slots.hpp"

#include "delta/all_codes.hpp"
#include "delta/delta_patches.hpp"
#include "delta/memory_source.hpp"
#include "delta/otadelta.hpp"
#include "hardware/battery.hpp"
#include "hardware/led.hpp"
#include "hardware/signal.hpp"
#include "http/client.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include "flash/file_flash.hpp"
#include "http/posix_socket.hpp"
#endif
#if defined(__linux__)
#include "hardware/linux_host.hpp"
#include "storage/posix_files.hpp"
#endif

// Flash by what vendors bring, where that is there.
#if __has_include(<pico/flash.h>)
#include "flash/pico_flash.hpp"
#endif
#if __has_include(<esp_partition.h>)
#include "flash/esp_partition.hpp"
#endif

// With mbedtls, which the program then links: TLS, and hashes and signatures by it.
#if defined(OTA_MBEDTLS)
#include "hash/mbedtls.hpp"
#include "http/mbedtls_tls.hpp"
#include "sign/mbedtls.hpp"
#endif
