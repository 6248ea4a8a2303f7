#pragma once

// docs.espressif.com, ESP-IDF 5.1, "Partitions API".

#include <cstddef>
#include <cstdint>

using esp_err_t = int;
#define ESP_OK 0

struct esp_partition_t {
  std::uint32_t address;
  std::uint32_t size;
};

extern "C" {
esp_err_t esp_partition_read(const esp_partition_t* partition, std::size_t src_offset, void* dst,
                             std::size_t size);
esp_err_t esp_partition_write(const esp_partition_t* partition, std::size_t dst_offset,
                              const void* src, std::size_t size);
esp_err_t esp_partition_erase_range(const esp_partition_t* partition, std::size_t offset,
                                    std::size_t size);
}
