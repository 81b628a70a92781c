// What tests of sources that speak gRPC include.
#ifndef LATIMER_CMAKE_PCH_TEST_GRPC_H_
#define LATIMER_CMAKE_PCH_TEST_GRPC_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmake/pch/grpc.h"

#endif  // LATIMER_CMAKE_PCH_TEST_GRPC_H_
