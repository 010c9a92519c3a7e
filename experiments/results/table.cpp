#include "experiments/results/table.hpp"

#include "experiments/results/event_tables.hpp"
#include "experiments/results/repetitions.hpp"
#include "experiments/results/run_tables.hpp"
#include "experiments/results/sweep_tables.hpp"

namespace edgeflow {

std::vector<TableInfo> result_tables() {
  std::vector<TableInfo> tables = report_tables();
  tables.insert(tables.begin() + 1, summary_table());
  for (auto* more : {run_tables, event_tables}) {
    for (TableInfo& table : more()) tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace edgeflow
