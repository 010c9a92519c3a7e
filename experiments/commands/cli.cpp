#include "experiments/commands/cli.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <system_error>

#include "experiments/commands/command_info.hpp"
#include "experiments/commands/commands.hpp"
#include "experiments/commands/plugins.hpp"
#include "experiments/commands/script.hpp"
#include "experiments/results/version.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

/// All subcommands with what they parse into. Each sets `command` when it was given.
class CommandLine {
 public:
  CommandLine(int argc, const char* const* argv) : words_(argv, argv + argc) {
    app_.set_version_flag("--version", version_text());
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.require_subcommand(1);
    app_.footer(
        "Exit code: 0 all ok; 1 a run ended in a status other than ok; 2 a mistake in arguments "
        "or\n"
        "files, nothing was started; 3 the machine is short of something, try again later; 130\n"
        "interrupted; 70 a bug.\n"
        "Examples:\n"
        "  edgeflow run yolo_on_four_boards\n"
        "  edgeflow sweep quickstart && edgeflow plot results/quickstart");
    add_run();
    add_sweep();
    add_merge();
    add_report();
    add_plot();
    add_plan();
    add_explain();
    add_import();
    add_inspect();
    add_validate();
    add_list();
    add_calibrate();
    add_doctor();
    add_completion();
    add_man();
  }

  int run() {
    if (words_.size() == 1) {
      fmt::print(stderr, "{}", app_.help());
      return kExitUsage;
    }
    refuse_unknown_command();
    app_.parse(static_cast<int>(words_.size()), words_.data());
    for (const std::string& file : plugins_) load_strategy_plugin(file);
    return command_();
  }

  int exit(const CLI::ParseError& error) const {
    return app_.exit(error) == 0 ? kExitOk : kExitUsage;
  }

 private:
  CLI::App* add(const char* name, const char* description, const char* examples,
                const std::function<int()>& command) {
    CLI::App* sub = app_.add_subcommand(name, description);
    sub->footer(std::string("Examples:\n") + examples);
    sub->callback([this, command] { command_ = command; });
    return sub;
  }

  void add_scenario(CLI::App* sub, ScenarioArguments& arguments) {
    sub->add_option("SCENARIO", arguments.file, "Scenario file, or name of a shipped one")
        ->required()
        ->transform(study_file, "")
        ->option_text("SCENARIO");
    sub->add_option("--set", arguments.changes,
                    "Change a value of the scenario: key.path=value; may be repeated")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE");
    add_plugins(sub);
  }

  void add_plugins(CLI::App* sub) {
    sub->add_option("--strategy-plugin", plugins_,
                    "Add the strategy of a shared object; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE.so");
  }

  static void add_no_lock(CLI::App* sub, bool& no_lock) {
    sub->add_flag(
        "--no-lock", no_lock,
        "For file systems without locks: you see to it that nobody else makes these runs");
  }

  void add_run() {
    CLI::App* sub = add("run", "Plan and simulate a scenario",
                        "  edgeflow run yolo_on_four_boards\n"
                        "  edgeflow run my.yaml --set cluster.network.bandwidth=300Mbps -o fast",
                        [this] { return run_scenario(run_); });
    run_.command_line = command_line();
    add_scenario(sub, run_.scenario);
    sub->add_option("-o,--output", run_.output, "Folder for results (default: results/<name>)")
        ->type_name("FOLDER");
    sub->add_option("--plan", run_.plan, "Replay this plan instead of asking the strategies")
        ->type_name("PLAN");
    sub->add_option("--timeout", run_.timeout,
                    "Wall-clock limit of one simulation, such as 60s (default: 600s)")
        ->type_name("TIME");
    sub->add_flag("--force", run_.force,
                  "Set aside what is in the folder as runs.old-N, also of another scenario");
    add_no_lock(sub, run_.no_lock);
    sub->add_flag("--trace", run_.trace,
                  "Also write trace.json of each run, to look at in ui.perfetto.dev");
  }

  void add_sweep() {
    CLI::App* sub = add("sweep",
                        "Run a scenario at every point of a grid; a sweep that was stopped goes on "
                        "where it was",
                        "  edgeflow sweep quickstart -j 2\n"
                        "  edgeflow sweep my_sweep.yaml --shard 1/3 -o shared",
                        [this] { return run_sweep(sweep_); });
    sweep_.command_line = command_line();
    sub->add_option("SWEEP", sweep_.file, "Sweep file, or name of a shipped one")
        ->required()
        ->transform(study_file, "")
        ->option_text("SWEEP");
    add_plugins(sub);
    sub->add_option("-o,--output", sweep_.output, "Folder for results (default: results/<name>)")
        ->type_name("FOLDER");
    sub->add_option(
           "--timeout", sweep_.timeout,
           "Wall-clock limit of planning and of one simulation, such as 60s (default: 600s)")
        ->type_name("TIME");
    sub->add_option("-j,--jobs", sweep_.workers, "Worker processes (default: one per core)")
        ->check(CLI::Range(1, 1024))
        ->type_name("N");
    sub->add_option("--shard", sweep_.shard,
                    "Run only part K of N, such as 2/8; 'edgeflow merge' joins the parts")
        ->type_name("K/N");
    sub->add_option("--retry", sweep_.retry,
                    "Run again what ended so: failed, crashed, timeout (parted by commas)")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"failed", "crashed", "timeout"}))
        ->type_name("STATUS,...");
    add_no_lock(sub, sweep_.no_lock);
    sub->add_flag("--dry-run", sweep_.dry_run, "Check everything, list the runs, run none");
    sub->add_flag(
        "--force", sweep_.force,
        "Run all again; what is in the folder, also of another study, is set aside as runs.old-N");
    sub->add_flag("--fail-fast", sweep_.fail_fast, "Stop at the first run that does not end ok");
  }

  void add_merge() {
    CLI::App* sub = add("merge", "Write runs.csv from the runs of all shards of a sweep",
                        "  edgeflow merge results/quickstart\n"
                        "  edgeflow merge results/quickstart | head",
                        [this] { return merge(merged_); });
    sub->add_option("DIR", merged_, "Folder that the shards wrote to")->required();
  }

  void add_report() {
    CLI::App* sub = add("report", "Write report.html, a page that shows a sweep without a network",
                        "  edgeflow report results/quickstart\n"
                        "  edgeflow report results/quickstart && firefox "
                        "results/quickstart/report.html",
                        [this] { return report(reported_); });
    sub->add_option("DIR", reported_, "Folder of results")->required();
  }

  void add_plot() {
    CLI::App* sub = add("plot", "Draw the figures that results have the data for, or one of them",
                        "  edgeflow plot results/quickstart\n"
                        "  edgeflow plot latency results/quickstart --help",
                        [this] { return plot(words_of_script("plot")); });
    sub->prefix_command();
    sub->add_option("FIGURE", topic_, "A figure's name, then the results and the figure's options")
        ->option_text("[FIGURE] DIR [OPTION]...");
  }

  void add_calibrate() {
    CLI::App* sub = add("calibrate", "Fit a device file to measured times",
                        "  edgeflow calibrate measured.csv -o my-board.yaml\n"
                        "  edgeflow calibrate help",
                        [this] {
                          std::vector<std::string> words = words_of_script("calibrate");
                          if (words == std::vector<std::string>{"help"}) words = {"--help"};
                          return run_script("calibrate.py", words);
                        });
    sub->prefix_command();
    sub->add_option("MEASURED.csv", topic_, "Table of times, then options")
        ->option_text("MEASURED.csv -o BOARD.yaml [OPTION]...");
  }

  /// What a script gets: all words behind the subcommand.
  std::vector<std::string> words_of_script(std::string_view command) const {
    const auto words = command_line();
    const auto at = std::find(words.begin(), words.end(), command);
    return {at + 1, words.end()};
  }

  void add_doctor() {
    add("doctor", "Say what is found where, and what is missing",
        "  edgeflow doctor\n"
        "  EDGEFLOW_HOME=elsewhere edgeflow doctor",
        [] { return doctor(); });
  }

  void add_completion() {
    CLI::App* sub = add("completion", "Print the script that completes this command line",
                        "  source <(edgeflow completion bash)\n"
                        "  edgeflow completion fish > ~/.config/fish/completions/edgeflow.fish",
                        [this] { return print_help(completion(command_infos(app_), shell_)); });
    sub->add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember(kShells))
        ->option_text("bash|zsh|fish");
  }

  void add_man() {
    add("man", "Print the manual's page",
        "  edgeflow man | man -l -\n"
        "  edgeflow man > edgeflow.1",
        [this] { return print_help(man_page(command_infos(app_))); });
  }

  static int print_help(const std::string& text) {
    print(text);
    return kExitOk;
  }

  void add_plan() {
    CLI::App* sub = add("plan", "Plan without simulating; run --plan replays the plan",
                        "  edgeflow plan my.yaml -o plan.yaml\n"
                        "  edgeflow plan my.yaml --set strategy=edgeflow | less",
                        [this] {
                          return problem_output_.empty()
                                     ? write_plan_file(plan_, plan_output_)
                                     : write_problem_file(plan_, problem_output_);
                        });
    add_scenario(sub, plan_);
    CLI::Option* plan =
        sub->add_option("-o,--output", plan_output_, "File for the plan (default: stdout)")
            ->type_name("FILE");
    sub->add_option("--problem", problem_output_,
                    "Plan nothing; write the problem that an external program would get")
        ->type_name("FILE.json")
        ->excludes(plan);
  }

  void add_explain() {
    CLI::App* sub =
        add("explain",
            "Show what a plan does: where its time goes, who computes what, what moves, "
            "what each layer waits for, as the estimator has it",
            "  edgeflow explain yolo_on_four_boards --set strategy=proportional\n"
            "  edgeflow explain yolo_on_four_boards --diff proportional edgeflow-joint",
            [this] { return explain_scenario(explain_); });
    add_scenario(sub, explain_.scenario);
    CLI::Option* plan =
        sub->add_option("--plan", explain_.plan, "Explain this plan instead of asking the strategy")
            ->type_name("PLAN");
    CLI::Option* json = sub->add_flag("--json", explain_.json, "As JSON");
    sub->add_option("--diff", explain_.diff,
                    "Say in five lines why the second plan is faster or slower: plan files, or "
                    "strategies")
        ->expected(2)
        ->type_name("PLAN")
        ->excludes(plan)
        ->excludes(json);
  }

  void add_onnx_inputs(CLI::App* sub, ImportArguments& arguments) {
    sub->add_option("--input", arguments.inputs,
                    "Dims of an input of an ONNX file: [name=]1x3x640x640; may be repeated")
        ->allow_extra_args(false)
        ->type_name("DIMS");
    sub->add_flag("--opaque", arguments.opaque,
                  "Keep unknown ONNX operators as layers that cannot be cut");
  }

  void add_import() {
    CLI::App* sub = add("import", "Turn an ONNX file into a model file",
                        "  edgeflow import net.onnx -o net.yaml\n"
                        "  edgeflow import net.onnx --input images=1x3x640x640 | less",
                        [this] { return import_model(import_, import_output_); });
    sub->add_option("MODEL.onnx", import_.file, "ONNX file")->required();
    sub->add_option("-o,--output", import_output_, "File for the model (default: stdout)")
        ->type_name("FILE");
    add_onnx_inputs(sub, import_);
  }

  void add_inspect() {
    CLI::App* sub =
        add("inspect", "Show a model, a device, a cluster, or the cluster of a scenario",
            "  edgeflow inspect resnet50 --no-fold --json\n"
            "  edgeflow inspect pi4x3-nano --xml > platform.xml",
            [this] { return inspect(inspected_, format(), !no_fold_); });
    sub->add_option("NAME", inspected_.file, "A shipped name or a file")
        ->required()
        ->option_text("MODEL|CLUSTER|DEVICE");
    add_onnx_inputs(sub, inspected_);
    CLI::Option* csv = sub->add_flag("--csv", csv_, "As a table: layers or devices");
    CLI::Option* json = sub->add_flag("--json", json_, "As JSON");
    CLI::Option* dot = sub->add_flag("--dot", dot_, "As a graph for Graphviz");
    CLI::Option* xml =
        sub->add_flag("--xml", xml_, "A cluster as a SimGrid platform file (every pair's route)");
    csv->excludes(json)->excludes(dot)->excludes(xml);
    json->excludes(dot)->excludes(xml);
    dot->excludes(xml);
    sub->add_flag("--no-fold", no_fold_,
                  "Show a model before batch-norm and activations are folded");
  }

  void add_validate() {
    CLI::App* sub =
        add("validate", "Check files: scenarios, sweeps, models, clusters, devices, plans",
            "  edgeflow validate my.yaml cluster.yaml\n"
            "  edgeflow validate plan.yaml --scenario my.yaml",
            [this] { return validate_files(files_, plan_scenario_); });
    sub->add_option("FILE", files_, "Files to check")->required();
    sub->add_option("--scenario", plan_scenario_, "Check plans against this scenario")
        ->type_name("SCENARIO");
    add_plugins(sub);
  }

  void add_list() {
    CLI::App* sub = add("list", "List what there is to choose from",
                        "  edgeflow list strategies\n"
                        "  edgeflow list devices --json",
                        [this] { return list(topic_, json_); });
    sub->add_option("WHAT", topic_, "What: of what is shipped, or may stand in our files")
        ->required()
        ->check(CLI::IsMember(list_topics()))
        ->option_text(fmt::format("{}", fmt::join(list_topics(), "|")));
    sub->add_flag("--json", json_, "As JSON");
    add_plugins(sub);
  }

  InspectFormat format() const {
    return csv_    ? InspectFormat::kCsv
           : json_ ? InspectFormat::kJson
           : dot_  ? InspectFormat::kDot
           : xml_  ? InspectFormat::kXml
                   : InspectFormat::kText;
  }

  std::vector<std::string> command_line() const { return {words_.begin(), words_.end()}; }

  void refuse_unknown_command() const {
    const std::string word = words_[1];
    if (word.empty() || word.front() == '-') return;
    std::vector<std::string> names;
    for (const CLI::App* sub : app_.get_subcommands(nullptr)) names.push_back(sub->get_name());
    if (std::find(names.begin(), names.end(), word) != names.end()) return;
    const auto near = nearest_name(word, std::vector<std::string_view>(names.begin(), names.end()));
    throw InputError({}, "", fmt::format("edgeflow: there is no command {}", in_quotes(word)),
                     near ? fmt::format("did you mean \"{}\"?", *near)
                          : fmt::format("one of {}", fmt::join(names, ", ")));
  }

  CLI::App app_{"Simulates deep learning on clusters of unequal edge devices.", "edgeflow"};
  std::vector<const char*> words_;
  std::function<int()> command_;
  std::vector<std::string> plugins_;

  RunArguments run_;
  SweepArguments sweep_;
  std::string merged_;
  std::string reported_;
  ScenarioArguments plan_;
  std::string plan_output_;
  std::string problem_output_;
  ExplainArguments explain_;
  ImportArguments import_;
  std::string import_output_;
  ImportArguments inspected_;
  bool csv_ = false, json_ = false, dot_ = false, xml_ = false, no_fold_ = false;
  std::vector<std::string> files_;
  std::string plan_scenario_;
  std::string topic_;
  std::string shell_;
};

}  // namespace

namespace {

/// Those that the caller closed: else the first files that we open would get what is printed.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) < 0) (void)open("/dev/null", O_RDWR);  // gets this number
  }
}

int parse_and_run(int argc, const char* const* argv) {
  CommandLine command_line(argc, argv);
  try {
    return command_line.run();
  } catch (const CLI::ParseError& error) {
    return command_line.exit(error);
  } catch (const std::exception&) {
    rethrow_machines_fault();
    throw;
  }
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is an error of writing
  try {
    return parse_and_run(argc, argv);
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kExitUsage;
  } catch (const std::system_error& error) {  // of files and folders
    fmt::print(stderr, "{}\n", error.what());
    return kExitUsage;
  } catch (const MachineError& error) {
    fmt::print(stderr, "{} (try again later)\n", error.what());
    return kExitMachine;
  } catch (const std::exception& error) {
    fmt::print(stderr, "edgeflow: internal error, please report it: {}\n", error.what());
    return kExitInternal;
  }
}

}  // namespace edgeflow
