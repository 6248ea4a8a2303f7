#include <ota/hash/sha512.hpp>

#include "part.hpp"

extern "C" int program() { return digest_of_input<ota::sha512>(); }
