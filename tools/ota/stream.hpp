#pragma once

#include "ota/http/tls_settings.hpp"

#ifdef OTA_HAS_MBEDTLS
#include "ota/http/mbedtls_tls.hpp"
#else
#include "ota/http/posix_socket.hpp"
#endif

namespace ota_tool {

/// What carries HTTP: with TLS, where the tool is built with mbedtls.
#ifdef OTA_HAS_MBEDTLS
using stream = ota::mbedtls_tls<>;
inline stream make_stream(const ota::tls_settings& settings) { return stream(settings); }
#else
using stream = ota::posix_socket;
inline stream make_stream(const ota::tls_settings&) { return {}; }
#endif

}  // namespace ota_tool
