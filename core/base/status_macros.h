// LATIMER_RETURN_IF_ERROR and LATIMER_ASSIGN_OR_RETURN: early return on a failed absl::Status or absl::StatusOr.
//
//   LATIMER_RETURN_IF_ERROR(CheckLimits(model));
//   LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(bytes, options));
#ifndef LATIMER_CORE_BASE_STATUS_MACROS_H_
#define LATIMER_CORE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define LATIMER_MACRO_CONCAT_INNER(a, b) a##b
#define LATIMER_MACRO_CONCAT(a, b) LATIMER_MACRO_CONCAT_INNER(a, b)

#define LATIMER_RETURN_IF_ERROR(expression)                                                         \
  do {                                                                                              \
    if (absl::Status latimer_status_ = (expression); !latimer_status_.ok()) return latimer_status_; \
  } while (false)

#define LATIMER_ASSIGN_OR_RETURN(declaration, expression) \
  LATIMER_ASSIGN_OR_RETURN_IMPL(LATIMER_MACRO_CONCAT(latimer_result_, __LINE__), declaration, expression)

#define LATIMER_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return std::move(result).status();                 \
  declaration = *std::move(result)

#endif  // LATIMER_CORE_BASE_STATUS_MACROS_H_
