#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ota_tool {

progress_line::progress_line() : is_terminal_(isatty(STDERR_FILENO) != 0) {}

void progress_line::draw(const std::string& text) {
  if (!is_terminal_) return;
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
  drawn_ = true;
}

void progress_line::wipe() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
  drawn_ = false;
}

std::string bar_of(double part) {
  constexpr std::size_t length = 30;
  const auto filled =
      static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(length));
  return std::string(filled, '#') + std::string(length - filled, '.');
}

std::string percent_of(double part, std::size_t size) {
  char text[48];
  std::snprintf(text, sizeof text, "%3.0f%% of %zu bytes", 100 * part, size);
  return text;
}

}  // namespace ota_tool
