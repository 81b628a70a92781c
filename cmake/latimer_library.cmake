# latimer_library(<name> SOURCES … DEPS …): one static library with the alias latimer::<name>.
# latimer_test(<name> SOURCES … DEPS … [LABELS …]): one GoogleTest binary whose tests ctest knows one by one.

include(GoogleTest)
include(${CMAKE_CURRENT_LIST_DIR}/latimer_pch.cmake)

function(latimer_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(latimer_${name} STATIC ${ARG_SOURCES})
  add_library(latimer::${name} ALIAS latimer_${name})
  target_link_libraries(latimer_${name} PUBLIC latimer_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  latimer_use_pch(latimer_${name} LIBRARY)
endfunction()

function(latimer_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE latimer_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  latimer_use_pch(${name} EXECUTABLE)
  target_compile_definitions(${name} PRIVATE LATIMER_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             LATIMER_BINARY_DIR="${CMAKE_BINARY_DIR}")
  # One label, since a list would be taken apart on its way; filters of labels are regular expressions and find its parts.
  string(REPLACE ";" "-" label "${ARG_LABELS}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label} TIMEOUT ${ARG_TIMEOUT})
endfunction()
