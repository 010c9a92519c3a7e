// Files with a mistake: the program names file, line, column, key path and what it expected, ends
// with exit code 2, and leaves nothing behind.

#include <doctest/doctest.h>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

using test::Scratch;

const std::string kData = test::data_folder();

struct Broken {
  const char* file;   // in tests/data/broken, without .yaml
  std::string error;  // the first line, after the name of the file; "..." at the end for any rest
};

const std::string kSinceStart =
    "the start of the run, at most 100000000s (Unix times? take the first one from all of them)";

const Broken kScenarios[] = {
    {"arrivals_without_map",
     ":8:22: at requests.arrivals: got \"poisson\", expected arrivals such as {process: poisson, "
     "rate: 2/s}"},
    {"bandwidth_without_unit",
     ":5:38: at cluster.network.bandwidth: got \"100\", expected a bandwidth such as 100Mbps"},
    {"burst_without_size", ":8:32: at requests.arrivals: missing key \"size\""},
    {"closed_limit",
     ":8:37: at requests.max_in_flight: closed arrivals have no max_in_flight (that is "
     "arrivals.concurrency)"},
    {"closed_with_rate",
     ":8:46: at requests.arrivals.rate: closed arrivals have no rate (the next request arrives "
     "when the last is done; or take periodic or poisson)"},
    {"disturbed_trace_zero",
     ":8:69: at disturbances.bandwidth[0].steps[0].bandwidth: got \"0Mbps\", expected a bandwidth "
     "such as 100Mbps, more than zero"},
    {"disturbed_trace_negative",
     ":8:54: at disturbances.bandwidth[0].steps[0].at: got \"-1s\", expected a duration such as "
     "0.5ms"},
    {"disturbed_trace_nan",
     ":8:69: at disturbances.bandwidth[0].steps[0].bandwidth: got \"nanMbps\", expected a "
     "bandwidth such as 100Mbps"},
    {"disturbed_speed_beyond",
     ":8:63: at disturbances.speed[0].steps[0].share: got \"120%\", expected at most 100%"},
    {"disturbed_speed_stopped",
     ":8:63: at disturbances.speed[0].steps[0].share: got \"0%\", expected a share such as 12.5%, "
     "more than zero"},
    {"disturbed_speed_twice",
     ":8:81: at disturbances.speed[1].devices: device \"rpi4-1\" is given a share twice"},
    {"disturbed_speed_unknown",
     ":8:35: at disturbances.speed[0].devices[0]: got \"rpi4-7\", expected the name of a device "
     "(did you mean \"rpi4-0\"?)"},
    {"disturbed_trace_absurd",
     ":8:69: at disturbances.bandwidth[0].steps[0].bandwidth: got \"1e30Mbps\", expected a "
     "bandwidth such as 100Mbps (beyond anything real)"},
    {"disturbed_trace_unix_time",
     ":8:66: at disturbances.bandwidth[0].steps[0].at: got \"1700000000s\", expected a time "
     "since " +
         kSinceStart},
    {"disturbed_failure_unix_time",
     ":8:48: at disturbances.failures[0].at: got \"1700000000s\", expected a time since " +
         kSinceStart},
    {"disturbed_trace_unitless",
     ":8:54: at disturbances.bandwidth[0].steps[0].at: got \"1\", expected a duration such as "
     "0.5ms"},
    {"disturbed_trace_unknown_link",
     ":8:37: at disturbances.bandwidth[0].links[0]: got \"rpi4-0:upp\", expected the name of a "
     "link (did you mean \"rpi4-0:up\"?)"},
    {"disturbed_trace_link_twice",
     ":8:87: at disturbances.bandwidth[1].links: link \"rpi4-0:up\" is given a bandwidth twice"},
    {"disturbed_trace_order",
     ":8:82: at disturbances.bandwidth[0].steps[1].at: got \"1s\", expected a time after that of "
     "the step before"},
    {"disturbed_trace_no_file", ":8:47: at disturbances.bandwidth[0].file: there is no file \"..."},
    {"disturbed_trace_empty", ":8:48: at disturbances.bandwidth[0].steps: holds no step"},
    {"disturbed_trace_short_period",
     ":8:114: at disturbances.bandwidth[0].period: got \"2s\", expected a duration beyond the last "
     "step"},
    {"disturbed_trace_late_period",
     ":8:48: at disturbances.bandwidth[0].steps: has a period, so its first step must be at 0s"},
    {"disturbed_traffic_unknown_device",
     ":8:48: at disturbances.background[0].to: got \"rpi4-7\", expected the name of a device (did "
     "you mean \"rpi4-0\"?)"},
    {"disturbed_traffic_to_itself",
     ":8:48: at disturbances.background[0].to: is where the traffic comes from"},
    {"disturbed_traffic_unitless",
     ":8:62: at disturbances.background[0].rate: got \"20\", expected a bandwidth such as 100Mbps"},
    {"disturbed_traffic_without_rate",
     ":8:29: at disturbances.background[0]: missing key \"rate\""},
    {"disturbed_jitter_unknown",
     ":8:39: at disturbances.jitter.distribution: got \"uniformm\", expected one of "
     "exponential, uniform, lognormal, empirical (did you mean \"uniform\"?)"},
    {"disturbed_jitter_zero",
     ":8:54: at disturbances.jitter.mean: got \"0ms\", expected a duration such as 0.5ms, more "
     "than zero"},
    {"disturbed_jitter_heavy",
     ":8:67: at disturbances.jitter.p999: got \"200ms\", expected more than the mean and at most "
     "118 "
     "times it (no log-normal distribution has such a mean and 99.9 % quantile)"},
    {"disturbed_jitter_p999",
     ":8:69: at disturbances.jitter.p999: the distribution \"exponential\" has none"},
    {"disturbed_jitter_quantiles",
     ":8:120: at disturbances.jitter.quantiles[1].latency: got \"1ms\", expected no less than in "
     "the "
     "row before"},
    {"disturbed_failure_unknown",
     ":8:36: at disturbances.failures[0].device: got \"rpi5-0\", expected the name of a device "
     "(did you mean \"rpi4-0\"?)"},
    {"disturbed_failure_unknown_link",
     ":8:34: at disturbances.failures[0].link: got \"wifi\", expected the name of a link (such as "
     "\"rpi4-0:up\")"},
    {"disturbed_failure_of_nothing", ":8:27: at disturbances.failures[0]: missing key \"device\""},
    {"disturbed_failure_early_repair",
     ":8:60: at disturbances.failures[0].repair: got \"1s\", expected a time after the failure"},
    {"disturbed_failure_twice",
     ":8:53: at disturbances.failures[1]: fails while it has failed already"},
    {"disturbed_planning_time_alone",
     ":8:69: at disturbances.planning_time: is for \"policy: replan\", which is not there"},
    {"disturbed_planning_time_missing",
     ":8:15: at disturbances: missing key \"planning_time\" (how long planning takes in simulated "
     "time, 0s if none)"},
    {"disturbed_planning_time_nan",
     ":8:85: at disturbances.planning_time: got \"nans\", expected a duration such as 0.5ms"},
    {"disturbed_planning_time_negative",
     ":8:85: at disturbances.planning_time: got \"-1s\", expected a duration such as 0.5ms"},
    {"disturbed_planning_time_without_unit",
     ":8:85: at disturbances.planning_time: got \"1\", expected a duration such as 0.5ms"},
    {"disturbed_policy_of_nothing",
     ":8:24: at disturbances.policy: is for failures, and there are none"},
    {"disturbed_policy_unknown",
     ":8:62: at disturbances.policy: got \"repan\", expected fail or replan (did you mean "
     "\"replan\"?)"},
    {"disturbed_unknown",
     ":8:16: at disturbances: unknown key \"noise\" (known: bandwidth, speed, background, jitter, "
     "failures, policy, planning_time)"},
    {"duplicate_key", ":9:1: key \"seed\" stands here twice"},
    {"empty", ": got nothing, expected a scenario: schema, name, model, cluster, strategy"},
    {"endless_alias", ":2:13: alias of a value that contains it"},
    {"equal_strategies", ":7:28: at strategies[2]: strategy \"even\" stands here twice"},
    {"half_request",
     ":8:19: at requests.count: got \"1.5\", expected an integer from 1 to 1000000"},
    {"list_at_root",
     ":1:1: got a list, expected a scenario: schema, name, model, cluster, strategy"},
    {"memory_in_bits",
     ":8:39: at cluster.devices[1].memory: got \"4Gb\", expected a size such as 4GiB"},
    {"missing_model_file", ":3:8: at model: there is no file \"..."},
    {"missing_name", ":1:1: missing key \"name\""},
    {"missing_schema", ":1:1: missing key \"schema\""},
    {"missing_strategy", ":1:1: missing key \"strategy\""},
    {"model_list", ":3:8: at model: got a list, expected a text"},
    {"name_with_slash",
     ":2:7: at name: got \"../broken\", expected a name of letters, digits and any of -_.+"},
    {"negative_rate",
     ":8:47: at requests.arrivals.rate: got \"-2/s\", expected a rate such as 2/s"},
    {"negative_seed", ":8:7: at seed: got \"-1\", expected an integer of at least 0"},
    {"network_absurd_bandwidth",
     ":5:35: at cluster.network.bandwidth: got \"1e30Mbps\", expected a bandwidth such as 100Mbps "
     "(beyond anything real)"},
    {"network_disconnected", ":5:12: at cluster.network: no links lead from \"a\" to \"b\""},
    {"network_equal_links", ":5:71: at cluster.network.links[1]: two links are called \"a:b\""},
    {"network_nan_latency",
     ":5:51: at cluster.network.latency: got \"nan\", expected a duration such as 0.5ms"},
    {"network_negative_latency",
     ":5:52: at cluster.network.latency: got \"-1ms\", expected a duration such as 0.5ms"},
    {"network_route_gap", ":5:114: at cluster.network.routes[0].links: do not end at \"a\""},
    {"network_unknown_node",
     ":5:48: at cluster.network.links[0].between[1]: got \"bb\", expected the name of a device or "
     "switch (such as \"a\")"},
    {"network_unknown_site",
     ":6:77: at cluster.devices[1].site: got \"plan\", expected the name of a site (did you mean "
     "\"plant\"?)"},
    {"network_zero_uplink",
     ":5:72: at cluster.network.uplink.bandwidth: got \"0Mbps\", expected a bandwidth such as "
     "100Mbps, more than zero"},
    {"newer_schema", ":1:9: at schema: got \"2\", expected an integer equal to 1"},
    {"no_bandwidth",
     ":5:38: at cluster.network.bandwidth: got \"0Mbps\", expected a bandwidth such as 100Mbps, "
     "more than zero"},
    {"no_count",
     ":6:33: at cluster.devices[0].count: got \"0\", expected an integer from 1 to 4096"},
    {"no_devices", ":6:12: at cluster.devices: is empty, expected at least one device"},
    {"no_requests", ":8:19: at requests.count: got \"0\", expected an integer from 1 to 1000000"},
    {"no_strategies", ":7:13: at strategies: is empty, expected at least one strategy"},
    {"not_yaml", ":5:9: not YAML: end of map flow not found"},
    {"option_of_none", ":7:33: at strategy.options: strategy \"even\" has no options"},
    {"option_value",
     ":10:13: at strategy.options.device: the cluster has no device \"rpi4-7\" (did you mean "
     "\"rpi4-0\"?)"},
    {"poisson_without_rate", ":8:22: at requests.arrivals: missing key \"rate\""},
    {"rate_zero",
     ":8:57: at requests.arrivals.rate: got \"0/s\", expected a rate such as 2/s, more than zero"},
    {"long_words",
     ":4:37: at strategy.command: "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" "
     "has 4097 bytes, expected at most 4096 (put it into a file)"},
    {"trace_unix_times",
     ":8:47: at requests.arrivals.times[0]: got \"1700000000.5s\", expected a time since " +
         kSinceStart},
    {"arrivals_rare",
     ":8:59: at requests.arrivals.rate: is so low that the last of 12 requests arrives after "
     "1.1e+09 "
     "s, expected at most 100000000 s"},
    {"trace_endless",
     ":8:45: at requests.arrivals.file: \"/dev/zero\" is a device, expected a regular file"},
    {"steps_endless",
     ":8:47: at disturbances.bandwidth[0].file: \"/dev/zero\" is a device, expected a regular "
     "file"},
    {"layer_times_endless",
     ":6:48: at cluster.devices[0].layer_time: \"/dev/zero\" is a device, expected a regular file"},
    {"device_endless",
     ":6:20: at cluster.devices[0].type: \"/dev/zero\" is a device, expected a regular file"},
    {"model_endless", ":3:8: at model: \"/dev/zero\" is a device, expected a regular file"},
    {"cluster_endless", ":4:10: at cluster: \"/dev/zero\" is a device, expected a regular file"},
    {"platform_endless",
     ":5:34: at cluster.network.file: \"/dev/zero\" is a device, expected a regular file"},
    {"trace_backwards",
     ":8:51: at requests.arrivals.times[1]: got \"0.5s\", expected a time not before the one that "
     "it follows"},
    {"trace_missing_file", ":8:45: at requests.arrivals.file: there is no file \"..."},
    {"trace_too_short", ":8:19: at requests.count: the trace holds 2 requests only"},
    {"trace_without_file",
     ":8:22: at requests.arrivals: trace arrivals need a file or times (such as {process: trace, "
     "file: arrivals.csv})"},
    {"warm_up_all",
     ":8:31: at requests.warm_up: got 4, but there are 4 requests: none would be left to measure"},
    {"precision_of_input",
     ":8:12: at precision: only the model's input can be uint8 (that is input_precision)"},
    {"streams_bad_name",
     ":8:18: at streams[0].name: got \"a/b\", expected a name of letters, digits and any of -_.+"},
    {"streams_broken_requests",
     ":9:33: at streams[0].requests.count: got \"0\", expected an integer from 1 to 1000000"},
    {"streams_empty", ":8:10: at streams: is empty, expected at least one stream"},
    {"streams_equal_names", ":10:12: at streams[1].name: two streams are called \"a\""},
    {"streams_map",
     ":8:10: at streams: got a map, expected a list of streams such as {name: a, model: yolov5s}"},
    {"streams_option",
     ":8:58: at streams[0].strategy.options.device: the cluster has no device \"rpi4-7\" (did you "
     "mean \"rpi4-0\"?)"},
    {"streams_several_strategies",
     ":8:15: at streams[0]: unknown key \"strategies\" (did you mean \"strategy\"?)"},
    {"streams_unknown_source",
     ":9:23: at streams[0].source: got \"rpi4-2\", expected the name of a device (did you mean "
     "\"rpi4-0\"?)"},
    {"streams_unused_strategy",
     ":7:11: at strategy: no stream uses this: each has a strategy of its own"},
    {"streams_without_model",
     ":9:5: at streams[1]: missing key \"model\" (or give the scenario one, for all streams "
     "without)"},
    {"streams_without_name", ":9:5: at streams[0]: missing key \"name\""},
    {"streams_without_strategy",
     ":9:5: at streams[1]: missing key \"strategy\" (or give the scenario one, for all streams "
     "without)"},
    {"strategy_label_long",
     ":7:31: at strategy.label: got \"123456789012345678901234567890123456789012345678901234567890"
     "...\", expected a line of at most 60 bytes"},
    {"strategy_label_of_another",
     ":7:42: at strategies[1].label: two strategies have the label \"single\" (give each its own, "
     "or "
     "none)"},
    {"strategy_label_of_next",
     ":7:34: at strategies[0].label: two strategies have the label \"single\" (give each its own, "
     "or "
     "none)"},
    {"strategy_twice", ":8:13: at strategies: give \"strategy\" or \"strategies\", not both"},
    {"two_documents", ":8:1: a second YAML document starts here, expected only one"},
    {"unknown_cluster",
     ":4:10: at cluster: there is no \"pi4x3-nanno\" in platforms/clusters (did you mean "
     "\"pi4x3-nano\"?)"},
    {"unknown_device_type",
     ":7:14: at cluster.devices[0].type: there is no \"rpi44\" in platforms/devices (did you mean "
     "\"rpi4\"?)"},
    {"unknown_effect",
     ":8:35: at simulation.ablate[1]: got \"latncy\", expected one of contention, latency, "
     "overheads, queueing, disturbances (did you mean \"latency\"?)"},
    {"unknown_scheduling",
     ":6:48: at cluster.devices[0].scheduling: got \"exclusiv\", expected one of oldest_request, "
     "first_ready, exclusive (did you mean \"exclusive\"?)"},
    {"uncertain_far_too",
     ":8:35: at uncertainty.messages: got \"2000%\", expected an error of at most 1000%"},
    {"uncertain_unitless",
     ":8:36: at uncertainty.bandwidth: got \"0.1\", expected a share such as 12.5%"},
    {"uncertain_unknown_type",
     ":8:33: at uncertainty.rates: unknown key \"rpi5\" (did you mean \"rpi4\"?)"},
    {"uncertain_without_draws", ":8:14: at uncertainty: missing key \"draws\""},
    {"weights_rate_of_source",
     ":8:31: at weights.rate: is of disks, and weights are from the source"},
    {"weights_disk_without_rate", ":8:10: at weights: missing key \"rate\""},
    {"weights_from_nowhere", ":8:17: at weights.from: got \"cloud\", expected one of source, disk"},
    {"weights_for_nothing",
     ":8:10: at weights: is for plans that are made anew, and nothing asks for these (\"policy: "
     "replan\" of disturbances does; \"at_start: true\" is for first plans)"},
    {"unknown_key", ":3:1: unknown key \"modle\" (did you mean \"model\"?)"},
    {"unknown_model",
     ":3:8: at model: there is no \"vgg61\" in workloads/models (did you mean \"vgg11\"?)"},
    {"unknown_network",
     ":5:19: at cluster.network.type: got \"swich\", expected one of switch, wifi, hub, "
     "mesh, star-of-stars, graph, simgrid (did you mean \"switch\"?)"},
    {"unknown_network_model",
     ":8:29: at simulation.network_model: got \"LV8\", expected one of cm02, lv08 (did you mean "
     "\"lv08\"?)"},
    {"command_of_another",
     ":7:24: at strategy: unknown key \"command\" (known: name, label, options)"},
    {"external_no_program", ":7:37: at strategy.command: cannot run ..."},
    {"external_time_limit",
     ":7:55: at strategy.time_limit: got \"5\", expected a duration such as 0.5ms"},
    {"external_twice", ":7:62: at strategy.options.command: \"command\" stands in two places"},
    {"external_without_command",
     ":7:11: at strategy: external needs a program (strategy: {name: external, command: "
     "[./my_strategy.py]})"},
    {"unknown_bound", ":8:8: at bound: got \"tight\", expected one of simple, lp"},
    {"unknown_option",
     ":7:36: at strategy.options: unknown key \"devise\" (did you mean \"device\"?)"},
    {"unknown_precision",
     ":8:12: at precision: got \"fp23\", expected one of fp32, fp16, int8 (did you mean "
     "\"fp32\"?)"},
    {"unknown_source",
     ":7:11: at cluster.source: got \"rpi4-2\", expected the name of a device (did you mean "
     "\"rpi4-0\"?)"},
    {"unknown_strategy",
     ":7:11: at strategy: there is no strategy \"evne\" (did you mean \"even\"?)"},
};

const Broken kParts[] = {
    {"cluster_equal_names", ":5:5: at devices[1]: two devices are called \"pi\""},
    {"cluster_idle_air",
     ":2:56: at network.efficiency: got \"0\", expected a number of more than 0, at most 1"},
    {"cluster_without_bandwidth", ":2:10: at network: missing key \"bandwidth\""},
    {"device_without_rate", ":4:5: at compute[0]: missing key \"mac_rate\""},
    {"model_batch",
     ":4:36: at layers[0].dims: the input's first dimension is the batch and must be 1 (write "
     "dims: [1, 3, 224, 224]; a stream of images is a matter of the scenario's requests)"},
    {"model_cycle", ":5:5: at layers[1]: layer \"a\": \"a\" is part of a cycle, or needs one"},
    {"model_groups",
     ":5:5: at layers[1]: layer \"conv\": groups (2) must divide both the input channels (3) and "
     "out_channels (4)"},
    {"model_unknown_input",
     ":5:5: at layers[1]: layer \"conv\": its input \"imput\" is not a layer of the model"},
    {"model_unknown_op",
     ":5:22: at layers[1].op: unknown operator \"convv\" (did you mean \"conv\"?)"},
};

const Broken kSweeps[] = {
    {"sweep_axes_list",
     ":4:7: at axes: got a list, expected a map from key paths to lists of values"},
    {"sweep_bandwidth_without_unit",
     ":5:39: at cluster.network.bandwidth: got \"50\", expected a bandwidth such as 100Mbps"},
    {"sweep_empty_axis", ":5:13: at axes.strategy: is empty, expected at least one value"},
    {"sweep_exclude_all", ":6:10: at exclude: excludes every run"},
    {"sweep_exclude_nothing",
     ":6:22: at exclude[0].strategy: got \"evn\", expected one of the axis's values even, single"},
    {"sweep_label_of_two",
     ":6:35: at base.strategy.label: two strategies have the label \"x\" (give each its own, or "
     "none)"},
    {"sweep_label_axis", ":5:14: at axes.label.mix: labels name the values of a group of zip"},
    {"sweep_missing_base", ":3:7: at base: there is no file \"..."},
    {"sweep_no_item", ":5:31: at cluster.devices: has 2 items counted from 0, no item 2"},
    {"sweep_no_repetition", ":6:9: at repeat: got \"0\", expected an integer from 1 to 10000"},
    {"sweep_no_stream",
     ":9:30: at streams.c.requests.count: there is no stream \"c\" (there are a, b)"},
    {"sweep_no_stream_number", ":9:31: at base.streams: has 2 items counted from 0, no item 2"},
    {"sweep_no_streams", ":5:30: at streams.a.requests.count: the scenario has no streams"},
    {"sweep_option_value",
     ":5:22: at strategies[0].options.device: the cluster has no device \"nowhere\" (expected "
     "best, or a device's name)"},
    {"sweep_outputs", ":5:10: at outputs: got \"runs.csv\", expected one of all, runs.csv only"},
    {"sweep_unknown_baseline",
     ":6:11: at baseline: got \"proportional\", expected a strategy of the sweep: even, single"},
    {"sweep_unknown_entry",
     ":6:1: unknown key \"foo\" (known: schema, name, description, base, axes, zip, exclude, "
     "repeat, baseline, outputs)"},
    {"sweep_unknown_key", ":5:31: at cluster: unknown key \"netwrok\" (did you mean \"network\"?)"},
    {"sweep_unknown_model",
     ":5:18: at model: there is no \"vgg61\" in workloads/models (did you mean \"vgg11\"?)"},
    {"sweep_varied_twice", ":1:1: \"seed\" is varied twice"},
    {"sweep_zip_empty", ":1:1: varies nothing, expected axes or zip"},
    {"sweep_zip_lengths", ":5:31: at zip[0].label.mix: has 3 values, expected 2 as in seed"},
    {"sweep_zip_map",
     ":4:6: at zip: got a map, expected a list of groups such as {seed: [1, 2], model: [a, b]}"},
};

const Broken kPlans[] = {
    {"plan_cycle",
     ":7:96: at units[1].needs[0].from: a unit can only need units that stand before it"},
    {"plan_input_elsewhere",
     ":6:5: at units[0]: this is not a valid plan: an input unit holds the model's input on the "
     "source device and needs nothing"},
    {"plan_lost_row",
     ":6:3: at units: this is not a valid plan: c0:2 r3:4 w0:4 of the result \"conv\" does not "
     "reach near"},
    {"plan_lost_unit", ":7:10: at units[1].id: got \"2\", expected an integer equal to 1"},
    {"plan_no_units",
     ":5:8: at units: this is not a valid plan: c0:2 r0:4 w0:4 of the result \"conv\" does not "
     "reach near"},
    {"plan_other_cluster",
     ":6:48: at units[0].device: there is no device \"rpi4-0\" (there are far, near)"},
    {"plan_result_elsewhere",
     ":6:3: at units: this is not a valid plan: c0:2 r0:4 w0:4 of the result \"conv\" does not "
     "reach near"},
    {"plan_sends_unknown", ":6:91: at units[0].sends[1]: unit 7 needs nothing of this one"},
    {"plan_hole",
     ":7:5: at units[1]: this is not a valid plan: it lacks c0:3 r3:4 w0:4 of \"input\""},
    {"plan_later_unit",
     ":7:94: at units[1].needs[0].from: a unit can only need units that stand before it"},
    {"plan_other_model",
     ":3:8: at model: the plan is for model \"vgg16\", the scenario's is \"tiny\""},
    {"plan_region",
     ":7:63: at units[1].output: got \"c0:2 r0:4\", expected a region such as \"c0:64 r0:56 "
     "w0:56\""},
    {"plan_unknown_device",
     ":7:49: at units[1].device: there is no device \"nearr\" (did you mean \"near\"?)"},
    {"plan_unknown_layer",
     ":7:35: at units[1].layer: there is no layer \"convv\" (did you mean \"conv\"?)"},
    {"plan_without_result",
     ":6:3: at units: this is not a valid plan: c0:2 r0:4 w0:4 of the result \"conv\" does not "
     "reach near"},
};

/// Runs `command` with the file in the place of %.
void check_broken(const std::string& command, const Broken& broken) {
  const Scratch scratch;
  const std::string file = kData + "/broken/" + broken.file + ".yaml";
  std::string arguments = command;
  arguments.replace(arguments.find('%'), 1, file);
  const test::Outcome outcome = test::edgeflow(scratch, arguments);
  CAPTURE(arguments);
  const std::string line = test::first_line(outcome.err);
  if (broken.error.ends_with("...")) {
    CHECK(line.starts_with(file + broken.error.substr(0, broken.error.size() - 3)));
  } else {
    CHECK(line == file + broken.error);
  }
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(std::filesystem::is_empty(scratch.folder()));
}

}  // namespace

TEST_CASE("broken scenarios are refused at the exact place") {
  for (const Broken& broken : kScenarios) check_broken("run %", broken);
}

TEST_CASE("broken models, clusters and devices are refused at the exact place") {
  for (const Broken& broken : kParts) check_broken("validate %", broken);
}

TEST_CASE("broken sweeps are refused before the first run") {
  for (const Broken& broken : kSweeps) check_broken("sweep %", broken);
}

TEST_CASE("broken plans are refused at the exact place") {
  for (const Broken& broken : kPlans) {
    check_broken("run " + kData + "/cli/tiny_scenario.yaml --plan %", broken);
  }
}

}  // namespace edgeflow
