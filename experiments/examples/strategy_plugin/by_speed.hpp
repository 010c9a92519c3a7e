#pragma once
#include <edgeflow/partition/strategy.hpp>

extern const edgeflow::StrategyInfo kBySpeed;
