// edgeflow._core: what scripts/python/edgeflow/planning.py documents, in C++.

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "experiments/python/plan.hpp"
#include "workloads/input/machine_error.hpp"

namespace py = pybind11;

namespace edgeflow::python {
namespace {

using Shares = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Held = std::shared_ptr<PlanningProblem>;

/// The shares of `problem`, of the first layers alone if `partly`. Throws InputError.
std::span<const double> read_shares(const PlanningProblem& problem, const Shares& shares,
                                    bool partly = false) {
  const auto layers = static_cast<py::ssize_t>(problem.problem().graph.size());
  const auto devices = static_cast<py::ssize_t>(problem.problem().cluster.size());
  const bool table = shares.ndim() == 2 && shares.shape(1) == devices;
  if (table &&
      (partly ? shares.shape(0) >= 1 && shares.shape(0) <= layers : shares.shape(0) == layers)) {
    return {shares.data(), static_cast<std::size_t>(shares.size())};
  }
  throw InputError(
      {"shares", 0, 0}, "",
      fmt::format("expected {}{} x {} numbers, a row for each layer, a column for each "
                  "device",
                  partly ? "up to " : "", layers, devices));
}

Finish finish_of(const PlanningProblem& problem, const Shares& shares, bool partly) {
  const std::span<const double> numbers = read_shares(problem, shares, partly);
  const py::gil_scoped_release release;
  return problem.finish_of(problem.plan_of(numbers));
}

HeldPlan plan_by(const Held& problem, const std::string& strategy, const Options& options) {
  const py::gil_scoped_release release;
  return {problem, problem->plan_by(strategy, options)};
}

/// Ours as those of edgeflow.errors.
// NOLINTNEXTLINE(performance-unnecessary-value-param): the type that pybind11 wants
void translate(std::exception_ptr thrown) {
  const auto raise = [](const char* name, const char* text) {
    PyErr_SetString(py::module_::import("edgeflow.errors").attr(name).ptr(), text);
  };
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const InputError& error) {
    raise("InputError", error.what());
  } catch (const Infeasible& error) {
    raise("Infeasible", error.what());
  } catch (const StrategyFailed& error) {
    raise("Error", error.what());
  } catch (const MachineError& error) {
    raise("Error", error.what());
  }
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  py::register_exception_translator(translate);
  py::class_<PlanningProblem, Held>(module, "Problem")
      .def(py::init<const std::string&, const std::string&>())
      .def(py::init<const std::string&>())
      .def("description", &PlanningProblem::description)
      .def("latency_s",
           [](const PlanningProblem& problem, const Shares& shares) {
             return finish_of(problem, shares, false).latency_s;
           })
      .def("finish_s",
           [](const PlanningProblem& problem, const Shares& shares) {
             Finish finish = finish_of(problem, shares, true);
             return py::make_tuple(
                 finish.latency_s,
                 py::array_t<double>(static_cast<py::ssize_t>(finish.devices_s.size()),
                                     finish.devices_s.data()));
           })
      .def("plan",
           [](const Held& problem, const Shares& shares) {
             return HeldPlan{problem, problem->plan_of(read_shares(*problem, shares))};
           })
      .def("plan_by", plan_by)
      .def("read_plan", [](const Held& problem, const std::string& text) {
        return HeldPlan{problem, problem->read(text)};
      });
  py::class_<HeldPlan>(module, "Plan")
      .def_property_readonly("strategy", [](const HeldPlan& held) { return held.plan.strategy; })
      .def_property_readonly("units", [](const HeldPlan& held) { return held.plan.units.size(); })
      .def_property_readonly("latency_s", &HeldPlan::latency_s)
      .def("to_yaml", &HeldPlan::to_yaml)
      .def("validate", &HeldPlan::validate);
}

}  // namespace edgeflow::python
