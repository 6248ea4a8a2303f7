# The library as its users take it: one header, an installed package, a subproject.
set(package ${CMAKE_CURRENT_SOURCE_DIR}/package)
set(work ${CMAKE_CURRENT_BINARY_DIR}/package)

if(EXISTS ${PROJECT_SOURCE_DIR}/single_include/ota/ota.hpp)
  add_test(NAME package_single_header COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 -Wall -Wextra -Wpedantic
    -Wconversion -Wshadow -Werror -fno-exceptions -fno-rtti -I ${PROJECT_SOURCE_DIR}/single_include
    ${package}/main.cpp ${package}/second.cpp -o ${CMAKE_CURRENT_BINARY_DIR}/single_header_program)
  add_test(NAME package_single_header_with_numbers COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 -Wall
    -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-exceptions -fno-rtti -DOTA_ERROR_NUMBERS
    -I ${PROJECT_SOURCE_DIR}/single_include -fsyntax-only ${package}/main.cpp)
  add_test(NAME package_single_header_runs COMMAND ${CMAKE_CURRENT_BINARY_DIR}/single_header_program)
  set_tests_properties(package_single_header PROPERTIES FIXTURES_SETUP single_header)
  set_tests_properties(package_single_header_runs PROPERTIES FIXTURES_REQUIRED single_header)
endif()

if(TARGET ota::mbedtls)
  add_test(NAME package_single_header_with_mbedtls COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 -Wall
    -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DOTA_MBEDTLS
    -I ${PROJECT_SOURCE_DIR}/single_include ${package}/with_mbedtls.cpp
    ${OTA_MBEDTLS_LIBRARY} ${OTA_MBEDX509_LIBRARY} ${OTA_MBEDCRYPTO_LIBRARY}
    -o ${CMAKE_CURRENT_BINARY_DIR}/single_header_with_mbedtls)
  add_test(NAME package_single_header_with_mbedtls_and_numbers COMMAND ${CMAKE_CXX_COMPILER}
    -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -DOTA_MBEDTLS
    -DOTA_ERROR_NUMBERS -I ${PROJECT_SOURCE_DIR}/single_include -fsyntax-only
    ${package}/with_mbedtls.cpp)
endif()

if(Python3_Interpreter_FOUND)
  add_test(NAME package_single_header_is_fresh
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/single_header.py --check)
  add_test(NAME package_error_list_is_fresh
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/error_list.py --check)
endif()

function(ota_add_package_test name)
  add_test(NAME package_${name} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${package}/${name} ${work}/${name}
    --build-generator ${CMAKE_GENERATOR}
    --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} ${ARGN}
    --test-command ${work}/${name}/program)
endfunction()

if(OTA_INSTALL)
  add_test(NAME package_install
    COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${work}/installed)
  set_tests_properties(package_install PROPERTIES FIXTURES_SETUP installed)
  ota_add_package_test(find_package -DCMAKE_PREFIX_PATH=${work}/installed
    -DOTA_EXPECTED_VERSION=${PROJECT_VERSION})
  set_tests_properties(package_find_package PROPERTIES FIXTURES_REQUIRED installed)
endif()
ota_add_package_test(subdirectory -DOTA_SOURCE_DIR=${PROJECT_SOURCE_DIR})
ota_add_package_test(fetch_content -DOTA_SOURCE_DIR=${PROJECT_SOURCE_DIR})
