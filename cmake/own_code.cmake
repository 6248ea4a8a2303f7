# What the project's own programs are compiled with; users of ota::ota get none of it.
find_package(Threads REQUIRED)

add_library(ota_own_code INTERFACE)
target_link_libraries(ota_own_code INTERFACE ota::ota Threads::Threads)
target_compile_options(ota_own_code INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

# The rules for headers that run on a device.
add_library(ota_device_code INTERFACE)
target_link_libraries(ota_device_code INTERFACE ota_own_code)
target_compile_options(ota_device_code INTERFACE -fno-exceptions -fno-rtti)
