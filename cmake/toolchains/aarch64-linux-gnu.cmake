# Cross-compiles for 64-bit Arm with Debian's cross compiler. docs/cross-compiling.md tells how to use it.
#
# LATIMER_SYSROOT: folder with the board's headers and libraries; empty: this machine's own multiarch folders.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# The compiler checks run in a project of their own, which sees only what is named here.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LATIMER_SYSROOT)
if(LATIMER_SYSROOT)
  set(CMAKE_SYSROOT ${LATIMER_SYSROOT})
  set(CMAKE_FIND_ROOT_PATH ${LATIMER_SYSROOT})
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
  set(ENV{PKG_CONFIG_SYSROOT_DIR} ${LATIMER_SYSROOT})
endif()
# protoc and its plugins run on this machine.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_LIBDIR}
    "${LATIMER_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${LATIMER_SYSROOT}/usr/share/pkgconfig")
