#!/usr/bin/python3
"""The JSON schemas of our YAML files know the keys and words that the program knows, and every shipped file is valid.

usage: schemas_test.py EDGEFLOW SOURCE_DIR [TEST]...      Exit code 77: skipped, there is no jsonschema.

What the program knows is what it says to a key or word that it does not.
"""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import warnings

import yaml

try:
    warnings.simplefilter("ignore", DeprecationWarning)  # newer ones would rather have another package
    import jsonschema
except ImportError:
    print("schemas: skipped, there is no python3-jsonschema")
    sys.exit(77)

EDGEFLOW, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
FOLDER = SOURCE / "experiments" / "schemas"
SCHEMAS = {path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8"))
           for path in sorted(FOLDER.glob("*.schema.json"))}
UNKNOWN = "qqqqqqqqqqqqqqqq"

SCENARIO = {"schema": 1, "name": "x", "model": "resnet18", "cluster": "pi4x3-nano", "strategy": "single"}
DOCUMENTS = {
    "scenario": SCENARIO,
    "sweep": {"schema": 1, "name": "x", "base": SCENARIO, "axes": {"seed": [1]}},
    "cluster": {"schema": 1, "network": {"type": "switch", "bandwidth": "1Gbps"},
                "devices": [{"type": "rpi4", "name": "a"}, {"type": "rpi4", "name": "b"}]},
    "device": {"schema": 1, "name": "x",
               "compute": [{"framework": "f", "threads": 1, "mac_rate": "1GMAC/s", "source": "s"}]},
    "messaging": {"schema": 1, "name": "x", "sends": "hold", "source": "s"},
    "model": {"schema": 1, "name": "x", "layers": [{"name": "input", "op": "input", "dims": [1, 3, 8, 8]}]},
}
SITES = {"type": "star-of-stars", "bandwidth": "1Gbps", "uplink": {"bandwidth": "1Mbps"}, "sites": ["s"]}
LINKS = {"type": "graph", "links": [{"between": ["a", "b"], "bandwidth": "1Gbps"}]}
# Where a map stands: kind of document, path to it, and what it holds besides.
MAPS = {
    "cluster#/definitions/power": ("cluster", ["devices", 0, "power"], {}),
    "cluster#/definitions/rates_in_a_precision": ("cluster", ["devices", 0, "rates_in"], {"int8": {UNKNOWN: 1}}),
    "cluster#/definitions/rates_in": ("cluster", ["devices", 0, "rates_in"], {}),
    "cluster#/definitions/device_entry": ("cluster", ["devices", 0], {"type": "rpi4"}),
    "cluster#/definitions/uplink": ("cluster", ["network"], {**SITES, "uplink": {UNKNOWN: 1}}),
    "cluster#/definitions/site/anyOf/1": ("cluster", ["network"], {**SITES, "sites": [{"name": "s", UNKNOWN: 1}]}),
    "cluster#/definitions/mesh_link":
        ("cluster", ["network"],
         {"type": "mesh", "bandwidth": "1Gbps", "links": [{"between": ["a", "b"], UNKNOWN: 1}]}),
    "cluster#/definitions/graph_link":
        ("cluster", ["network"], {**LINKS, "links": [{"between": ["a", "b"], UNKNOWN: 1}]}),
    "cluster#/definitions/route":
        ("cluster", ["network"], {**LINKS, "routes": [{"from": "a", "to": "b", "links": ["a:b"], UNKNOWN: 1}]}),
    "cluster#/definitions/link_power":
        ("cluster", ["network"], {"type": "switch", "bandwidth": "1Gbps", "link_power": {UNKNOWN: 1}}),
    **{f"cluster#/definitions/networks/{name}": ("cluster", ["network"], {"type": name})
       for name in SCHEMAS["cluster"]["definitions"]["networks"]},
    "cluster#/definitions/cluster": ("cluster", [], DOCUMENTS["cluster"]),
    "device#": ("device", [], DOCUMENTS["device"]),
    "device#/properties/memory": ("device", ["memory"], {}),
    "device#/properties/power": ("device", ["power"], {}),
    "device#/properties/network": ("device", ["network"], {}),
    "device#/definitions/error": ("device", ["compute", 0, "error"], {}),
    "device#/definitions/compute": ("device", ["compute", 0], DOCUMENTS["device"]["compute"][0]),
    "messaging#": ("messaging", [], DOCUMENTS["messaging"]),
    "model#": ("model", [], DOCUMENTS["model"]),
    "scenario#/definitions/strategy_with_options": ("scenario", ["strategy"], {"name": "single"}),
    "scenario#/definitions/external_strategy": ("scenario", ["strategy"], {"name": "external", "command": ["x"]}),
    "scenario#/definitions/arrivals": ("scenario", ["requests"], {"arrivals": {"process": "closed", UNKNOWN: 1}}),
    "scenario#/definitions/requests": ("scenario", ["requests"], {}),
    "scenario#/definitions/simulation": ("scenario", ["simulation"], {}),
    "scenario#/definitions/bandwidth_step":
        ("scenario", ["disturbances"], {"bandwidth": [{"links": "all", "steps": [{UNKNOWN: 1}]}]}),
    "scenario#/definitions/bandwidth_trace":
        ("scenario", ["disturbances"], {"bandwidth": [{"links": "all", UNKNOWN: 1}]}),
    "scenario#/definitions/speed_step":
        ("scenario", ["disturbances"], {"speed": [{"devices": "all", "steps": [{UNKNOWN: 1}]}]}),
    "scenario#/definitions/speed_trace":
        ("scenario", ["disturbances"], {"speed": [{"devices": "all", UNKNOWN: 1}]}),
    "scenario#/definitions/background": ("scenario", ["disturbances"], {"background": [{UNKNOWN: 1}]}),
    "scenario#/definitions/quantile":
        ("scenario", ["disturbances"], {"jitter": {"distribution": "empirical", "quantiles": [{UNKNOWN: 1}]}}),
    "scenario#/definitions/jitter": ("scenario", ["disturbances"], {"jitter": {UNKNOWN: 1}}),
    "scenario#/definitions/failure": ("scenario", ["disturbances"], {"failures": [{UNKNOWN: 1}]}),
    "scenario#/definitions/disturbances": ("scenario", ["disturbances"], {}),
    "scenario#/definitions/uncertainty": ("scenario", ["uncertainty"], {}),
    "scenario#/definitions/weights": ("scenario", ["weights"], {}),
    "scenario#/definitions/stream": ("scenario", ["streams"], [{"name": "s", UNKNOWN: 1}]),
    "scenario#/definitions/scenario": ("scenario", [], SCENARIO),
    "sweep#": ("sweep", [], DOCUMENTS["sweep"]),
}
LAYER = "model#/definitions/layer"  # whose keys depend on its operator
# Where a word stands.
RESIZE = {"name": "b", "op": "resize", "inputs": ["input"], "output_size": 4}
WORDS = {
    "cluster#/definitions/precision": ("cluster", ["devices", 0, "precision"], UNKNOWN),
    "cluster#/definitions/sends": ("cluster", ["devices", 0, "sends"], UNKNOWN),
    "cluster#/definitions/scheduling": ("cluster", ["devices", 0, "scheduling"], UNKNOWN),
    "cluster#/definitions/graph_link/properties/duplex": (
        "cluster", ["network"], {"type": "graph", "links": [{**LINKS["links"][0], "duplex": UNKNOWN}]}),
    "cluster#/definitions/network/properties/type": ("cluster", ["network", "type"], UNKNOWN),
    "model#/properties/precision": ("model", ["precision"], UNKNOWN),
    "model#/definitions/layer/properties/op": ("model", ["layers", 0, "op"], UNKNOWN),
    "model#/definitions/layer/properties/interpolation":
        ("model", ["layers"], [*DOCUMENTS["model"]["layers"], {**RESIZE, "interpolation": UNKNOWN}]),
    "model#/definitions/layer/properties/sampling":
        ("model", ["layers"], [*DOCUMENTS["model"]["layers"], {**RESIZE, "sampling": UNKNOWN}]),
    "scenario#/definitions/strategy_name": ("scenario", ["strategy"], UNKNOWN),
    "scenario#/definitions/arrivals/properties/process":
        ("scenario", ["requests"], {"arrivals": {"process": UNKNOWN}}),
    "scenario#/definitions/simulation/properties/network_model":
        ("scenario", ["simulation"], {"network_model": UNKNOWN}),
    "scenario#/definitions/simulation/properties/ablate/items": ("scenario", ["simulation"], {"ablate": [UNKNOWN]}),
    "scenario#/definitions/jitter/properties/distribution":
        ("scenario", ["disturbances"], {"jitter": {"distribution": UNKNOWN}}),
    "scenario#/definitions/disturbances/properties/policy":
        ("scenario", ["disturbances"], {"policy": UNKNOWN}),
    "scenario#/definitions/weights/properties/from": ("scenario", ["weights"], {"from": UNKNOWN}),
    "scenario#/definitions/input_precision": ("scenario", ["input_precision"], UNKNOWN),
    "scenario#/definitions/scenario/properties/bound": ("scenario", ["bound"], UNKNOWN),
    "sweep#/properties/outputs": ("sweep", ["outputs"], UNKNOWN),
}


def places(schema, pointer=""):
    """(pointer, what is there) of all maps in a schema."""
    if isinstance(schema, dict):
        yield pointer, schema
        for key, value in schema.items():
            yield from places(value, f"{pointer}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from places(value, f"{pointer}/{number}")


def all_places(wanted):
    return {f"{name}#{pointer}": there for name, schema in SCHEMAS.items() for pointer, there in places(schema)
            if wanted(there)}


def changed(kind, path, value):
    document = copy.deepcopy(DOCUMENTS[kind])
    if not path:
        return value
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return document


def with_unknown_key(kind, path, holds):
    """The document with one key that nobody knows, in the map or where `holds` has it already."""
    holds = copy.deepcopy(holds)
    return changed(kind, path, holds if UNKNOWN in json.dumps(holds) else {**holds, UNKNOWN: 1})


def error_of(document):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "probe.yaml")
        pathlib.Path(path).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        done = subprocess.run([EDGEFLOW, "validate", path], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


def known_keys(document):
    message = error_of(document)
    match = re.search(rf'unknown key "{UNKNOWN}" \(known: (.*)\)', message)
    if not match:
        raise AssertionError(f"the program does not say which keys it knows: {message}")
    return match[1].split(", ")


def known_words(document):
    message = error_of(document)
    match = re.search(rf'"{UNKNOWN}"(?: \(|, expected )(?:one of:? )?(.*?)\)?$', message, re.M)
    if not match:
        raise AssertionError(f"the program does not say which words it knows: {message}")
    return re.split(", | or ", match[1])


def validator(kind):
    schema = SCHEMAS[kind]
    resolver = jsonschema.RefResolver((FOLDER / f"{kind}.schema.json").as_uri(), schema)
    return jsonschema.Draft7Validator(schema, resolver=resolver)


def kind_of(path):
    """By the program; None if that is no file of ours."""
    done = subprocess.run([EDGEFLOW, "validate", path], capture_output=True, text=True, check=False)
    match = re.search(r": ok, an? (\w+)", done.stdout + done.stderr)
    return match and match[1]


class Schemas(unittest.TestCase):
    def test_there_is_one_for_every_kind_of_file(self):
        self.assertEqual(set(SCHEMAS), set(DOCUMENTS))
        for schema in SCHEMAS.values():
            jsonschema.Draft7Validator.check_schema(schema)

    def test_examples_are_valid_to_both(self):
        for kind, document in DOCUMENTS.items():
            with self.subTest(kind=kind):
                self.assertEqual(list(validator(kind).iter_errors(document)), [])
                self.assertIn(": ok, ", error_of(document))

    def test_keys_are_those_that_the_program_knows(self):
        closed = all_places(lambda there: there.get("additionalProperties") is False)
        self.assertEqual(set(closed), {*MAPS, LAYER})
        for pointer, (kind, path, holds) in MAPS.items():
            with self.subTest(place=pointer):
                document = with_unknown_key(kind, path, holds)
                self.assertEqual(sorted(closed[pointer]["properties"]), sorted(known_keys(document)))
                self.assertFalse(validator(kind).is_valid(document))

    def test_attributes_of_layers_are_those_of_all_operators(self):
        layer = SCHEMAS["model"]["definitions"]["layer"]["properties"]
        keys = set()
        for operator in layer["op"]["enum"]:
            keys.update(known_keys(changed("model", ["layers", 0], {"name": "a", "op": operator, UNKNOWN: 1})))
        self.assertEqual(set(layer), keys)

    def test_words_are_those_that_the_program_knows(self):
        enums = all_places(lambda there: isinstance(there.get("enum"), list))
        self.assertEqual(set(enums), set(WORDS))
        for pointer, place in WORDS.items():
            with self.subTest(place=pointer):
                document = changed(*place)
                self.assertEqual(sorted(enums[pointer]["enum"]), sorted(known_words(document)))
                self.assertFalse(validator(place[0]).is_valid(document))

    def test_shipped_files_are_valid(self):
        folders = {"device": ["platforms/devices"], "messaging": ["platforms/messaging"], "model": ["workloads/models"],
                   "cluster": ["platforms/clusters"]}
        files = {kind: [path for name in names for path in sorted((SOURCE / name).glob("*.yaml"))]
                 for kind, names in folders.items()}
        others = [path for name in ("experiments/studies", "experiments/validation", "tests/oracle/sweeps",
                                    "tests/data/cli") for path in sorted((SOURCE / name).rglob("*.yaml"))]
        for path in others:
            if (kind := kind_of(path)) in SCHEMAS:
                files.setdefault(kind, []).append(path)
        for kind in SCHEMAS:
            self.assertGreater(len(files[kind]), 0, kind)
            check = validator(kind)
            for path in files[kind]:
                document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
                with self.subTest(file=path.relative_to(SOURCE)):
                    self.assertIsNone(jsonschema.exceptions.best_match(check.iter_errors(document)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
