// A user's program: two translation units that include the library, linked together.
#include <cstdio>
#include <ota/ota.hpp>

std::size_t hexadecimal_digest(std::string_view text, char* out);

int main() {
  char digits[64];
  const std::size_t length = hexadecimal_digest("abc", digits);
  const std::string_view digest(digits, length);
  // FIPS 180-2, appendix B.1.
  const bool right = digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  std::printf("%.*s\n", static_cast<int>(length), digits);
  return right && ota::is_valid_path("lib/a.py") && !ota::is_valid_path("../a.py") ? 0 : 1;
}
