# Defines ota::mbedtls, with which ota.hpp brings TLS and the adapters, where mbedtls 2.28 or
# 3.x is found. CMAKE_PREFIX_PATH says where else to look.
find_path(OTA_MBEDTLS_INCLUDE mbedtls/entropy.h)  # 4.x, which is not supported, does without
find_library(OTA_MBEDTLS_LIBRARY mbedtls)
find_library(OTA_MBEDX509_LIBRARY mbedx509)
find_library(OTA_MBEDCRYPTO_LIBRARY mbedcrypto)

if(OTA_MBEDTLS_INCLUDE AND OTA_MBEDTLS_LIBRARY AND OTA_MBEDX509_LIBRARY AND OTA_MBEDCRYPTO_LIBRARY
    AND NOT TARGET ota::mbedtls)
  add_library(ota::mbedtls INTERFACE IMPORTED GLOBAL)
  set_target_properties(ota::mbedtls PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${OTA_MBEDTLS_INCLUDE}
    INTERFACE_COMPILE_DEFINITIONS OTA_MBEDTLS
    INTERFACE_LINK_LIBRARIES
      "ota::ota;${OTA_MBEDTLS_LIBRARY};${OTA_MBEDX509_LIBRARY};${OTA_MBEDCRYPTO_LIBRARY}")
endif()
