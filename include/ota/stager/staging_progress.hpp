#pragma once

#include <cstddef>
#include <cstdint>

namespace ota {

/// How much of a plan has been brought.
struct staging_progress {
  std::uint32_t files = 0;      ///< files complete
  std::size_t bytes = 0;        ///< bytes complete, also of the file at hand
  std::size_t bytes_moved = 0;  ///< bytes that came over the network
  std::uint32_t lists = 0;      ///< answers with lists of files read
  std::uint32_t resumed = 0;    ///< files that went on where an interruption had left them
};

}  // namespace ota
