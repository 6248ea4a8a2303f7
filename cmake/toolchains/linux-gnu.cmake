# Cross builds for Debian's cross compilers, run by qemu-user:
#   cmake -DOTA_MACHINE=s390x -DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/linux-gnu.cmake …
# OTA_MACHINE: aarch64, armhf, s390x (64 bits, big-endian) or riscv64.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OTA_MACHINE)
set(CMAKE_SYSTEM_NAME Linux)
if(OTA_MACHINE STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR arm)
  set(triple arm-linux-gnueabihf)
else()
  set(CMAKE_SYSTEM_PROCESSOR ${OTA_MACHINE})
  set(triple ${OTA_MACHINE}-linux-gnu)
endif()
set(CMAKE_CXX_COMPILER ${triple}-g++)
set(CMAKE_C_COMPILER ${triple}-gcc)
# Static programs need no libraries of that machine where they run.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
# A 32-bit program under qemu-user meets inode numbers of 64 bits.
set(CMAKE_CXX_FLAGS_INIT -D_FILE_OFFSET_BITS=64)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
