// What tests of core/ include.
#ifndef LATIMER_CMAKE_PCH_TEST_CORE_H_
#define LATIMER_CMAKE_PCH_TEST_CORE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmake/pch/core.h"

#endif  // LATIMER_CMAKE_PCH_TEST_CORE_H_
