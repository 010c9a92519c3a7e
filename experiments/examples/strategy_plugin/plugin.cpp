#include <edgeflow/partition/plugin.hpp>

#include "by_speed.hpp"

EDGEFLOW_STRATEGY_PLUGIN(kBySpeed)
