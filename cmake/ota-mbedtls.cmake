# Defines ota::mbedtls, for ota/http/mbedtls_tls.hpp and ota/hash/mbedtls.hpp, where mbedtls 2.28 or
# 3.x is found. CMAKE_PREFIX_PATH says where else to look.
find_path(OTA_MBEDTLS_INCLUDE mbedtls/ssl.h)
set(ota_mbedtls_libraries "")
foreach(name mbedtls mbedx509 mbedcrypto)
  string(TOUPPER OTA_${name}_LIBRARY variable)
  find_library(${variable} ${name})
  list(APPEND ota_mbedtls_libraries ${${variable}})
endforeach()

list(LENGTH ota_mbedtls_libraries ota_mbedtls_found)
if(OTA_MBEDTLS_INCLUDE AND ota_mbedtls_found EQUAL 3 AND NOT TARGET ota::mbedtls)
  add_library(ota::mbedtls INTERFACE IMPORTED GLOBAL)
  set_target_properties(ota::mbedtls PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${OTA_MBEDTLS_INCLUDE}
    INTERFACE_LINK_LIBRARIES "ota::ota;${ota_mbedtls_libraries}")
endif()
