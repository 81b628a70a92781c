# Compiler settings, carried by the interface target latimer_options.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

add_library(latimer_options INTERFACE)
target_include_directories(latimer_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(latimer_options INTERFACE -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms in std::string of GCC 12 (gcc.gnu.org/PR105651, PR105329), which come through where the standard
  # library's headers are precompiled.
  target_compile_options(latimer_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
                                                   -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(LATIMER_WERROR)
  target_compile_options(latimer_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(latimer_options INTERFACE -Wthread-safety)
endif()

if(LATIMER_SANITIZE)
  # Generated code and tests are instrumented too.
  add_compile_options(-fsanitize=${LATIMER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LATIMER_SANITIZE})
  # gRPC's headers change with these; Debian's libraries are built without sanitizers.
  if(LATIMER_SANITIZE MATCHES "address")
    add_compile_definitions(GRPC_ASAN_SUPPRESSED)
  endif()
  if(LATIMER_SANITIZE MATCHES "thread")
    add_compile_definitions(GRPC_TSAN_SUPPRESSED)
    # protobuf's map fields have two more members where this macro is set: not the layout Debian's library has. The
    # standard library's own reaction to it, shared_ptr without double-width loads, is kept.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
endif()

# The linker that is there and fastest. A cross compiler looks for linkers of its own name only.
find_program(LATIMER_LLD ld.lld)
if(LATIMER_LLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=lld)
endif()

# ccache, where it is installed. The sloppiness is what it needs to cache compilations with precompiled headers.
find_program(LATIMER_CCACHE ccache)
if(LATIMER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${LATIMER_CCACHE})
endif()
