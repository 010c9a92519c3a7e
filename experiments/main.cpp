#include "experiments/commands/cli.hpp"

int main(int argc, char** argv) { return edgeflow::run_program(argc, argv); }
