#pragma once

#include <string>

namespace ota_tool {

/// A line on a terminal, on standard error, that is drawn again and again, and wiped in the end.
/// In a pipe there is none.
class progress_line {
 public:
  progress_line();
  ~progress_line() { wipe(); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  bool is_seen() const { return is_terminal_; }
  void draw(const std::string& text);
  void wipe();

 private:
  bool is_terminal_;
  bool drawn_ = false;
};

/// A bar of which a part, from 0 to 1, is filled.
std::string bar_of(double part);

/// "42% of 1234 bytes"
std::string percent_of(double part, std::size_t size);

}  // namespace ota_tool
