# What every test program knows: where the sources, the tool and python3 are.
add_library(ota_test INTERFACE)
target_link_libraries(ota_test INTERFACE ota_own_code GTest::gtest_main)
target_include_directories(ota_test INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
target_include_directories(ota_test SYSTEM INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/support/vendor)
target_compile_definitions(ota_test INTERFACE
  OTA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  OTA_TEST_DATA_DIR="${CMAKE_CURRENT_SOURCE_DIR}/data"
  OTA_TOOL="${PROJECT_BINARY_DIR}/ota"
  OTA_PYTHON="${Python3_EXECUTABLE}"
  OTA_TEST_BUILD_DIR="${CMAKE_CURRENT_BINARY_DIR}")

# Pairs of files for delta updates, unpacked.
file(GLOB archives CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/data/delta/*.tar.xz)
foreach(archive ${archives})
  file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${CMAKE_CURRENT_BINARY_DIR}/delta_pairs)
endforeach()
target_compile_definitions(ota_test INTERFACE
  OTA_DELTA_PAIRS="${CMAKE_CURRENT_BINARY_DIR}/delta_pairs")

# Some tests compare with what others wrote, where it is installed. They find out with __has_include,
# OTA_HAS_MBEDTLS or OTA_HAS_DIVSUFSORT.
set(OTA_TEST_PEERS "")
if(NOT CMAKE_CROSSCOMPILING)
  find_package(OpenSSL)
  if(TARGET OpenSSL::Crypto)
    list(APPEND OTA_TEST_PEERS OpenSSL::Crypto)
  endif()
  if(TARGET ota::mbedtls)
    list(APPEND OTA_TEST_PEERS ota::mbedtls)
    target_compile_definitions(ota_test INTERFACE OTA_HAS_MBEDTLS)
  endif()
  find_library(OTA_DIVSUFSORT divsufsort)
  if(OTA_DIVSUFSORT)
    list(APPEND OTA_TEST_PEERS ${OTA_DIVSUFSORT})
    target_compile_definitions(ota_test INTERFACE OTA_HAS_DIVSUFSORT)
  endif()
endif()

function(ota_add_test name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ota_test ${OTA_TEST_PEERS} ${CMAKE_DL_LIBS})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
endfunction()

file(GLOB rooms LIST_DIRECTORIES true RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/unit
  CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/unit/*)
foreach(room ${rooms})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/unit/${room}/*_test.cpp)
  if(sources AND (NOT OTA_TEST_ROOMS OR room IN_LIST OTA_TEST_ROOMS))
    ota_add_test(unit_${room} ${sources})
  endif()
endforeach()

# Signatures once more with the narrower limbs of small machines.
if(TARGET unit_sign AND NOT CMAKE_CROSSCOMPILING)
  get_target_property(sources unit_sign SOURCES)
  foreach(bits 16 32)
    ota_add_test(unit_sign_limb${bits} ${sources})
    target_compile_definitions(unit_sign_limb${bits} PRIVATE OTA_LIMB_BITS=${bits})
  endforeach()
endif()

if(NOT OTA_TEST_ROOMS)
  # Proofs leave their figures there.
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/figures)

  foreach(kind power_cut interop)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${kind}/*_test.cpp)
    foreach(source ${sources})
      get_filename_component(name ${source} NAME_WE)
      string(REGEX REPLACE "_test$" "" name ${name})
      ota_add_test(${kind}_${name} ${source})
      target_compile_options(${kind}_${name} PRIVATE -O2)
      set_tests_properties(${kind}_${name} PROPERTIES
        ENVIRONMENT OTA_FIGURES=${PROJECT_BINARY_DIR}/figures FIXTURES_SETUP ${kind}_figures)
      if(TARGET ota_tool)
        add_dependencies(${kind}_${name} ota_tool)
      endif()
    endforeach()
  endforeach()
endif()

# The library that kills a process at the Nth call which changes the file system.
if(TARGET interop_tool)
  add_library(kill_at SHARED ${CMAKE_CURRENT_SOURCE_DIR}/interop/kill_at.cpp)
  target_link_libraries(kill_at PRIVATE ${CMAKE_DL_LIBS})
  add_dependencies(interop_tool kill_at)
  target_compile_definitions(interop_tool PRIVATE OTA_KILL_AT_LIBRARY="$<TARGET_FILE:kill_at>")
endif()
