#include "core/model/mapping_rules.h"

namespace latimer {

absl::string_view UnitTypeName(LayerType type) { return IsPooling(type) ? "Pool" : LayerTypeName(type); }

}  // namespace latimer
