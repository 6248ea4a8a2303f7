#include <ota/hash/sha256.hpp>

#include "part.hpp"

extern "C" int program() { return digest_of_input<ota::sha256>(); }
