#include <edgeflow/experiments/commands/cli.hpp>

#include "by_speed.hpp"

int main(int argc, char** argv) {
  edgeflow::add_strategy(kBySpeed);
  return edgeflow::run_program(argc, argv);
}
