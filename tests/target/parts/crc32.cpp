#include <ota/hash/crc32.hpp>

#include "part.hpp"

extern "C" int program() { return digest_of_input<ota::crc32>(); }
