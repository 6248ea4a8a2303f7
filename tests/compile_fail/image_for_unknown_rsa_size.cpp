// expect: MCUboot signs with RSA keys of 2048 or 3072 bits
#include <ota/image/image_signature.hpp>

template struct ota::image_rsa<4096>;
