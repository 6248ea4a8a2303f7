#include <ota/hash/sha1.hpp>

#include "part.hpp"

extern "C" int program() { return digest_of_input<ota::sha1>(); }
