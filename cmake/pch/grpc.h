// What sources that speak gRPC include.
#ifndef LATIMER_CMAKE_PCH_GRPC_H_
#define LATIMER_CMAKE_PCH_GRPC_H_

#include <grpcpp/grpcpp.h>

#include "cmake/pch/core.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "latimer/v1/network_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"

#endif  // LATIMER_CMAKE_PCH_GRPC_H_
