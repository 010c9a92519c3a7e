#include "workloads/input/yaml.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/support/input_error.hpp"

namespace edgeflow {
namespace {

using test::error_of;

const Position kCommandLine{"--set", 0, 0};

/// The error of parsing `text`.
std::string parse_error(const std::string& text) {
  return error_of([&] { const Document document(text, "f.yaml"); });
}

/// The error of `use` on the value of `key` in `text`.
template <typename Use>
std::string error_at(const std::string& text, const std::string& key, Use use) {
  const Document document(text, "f.yaml");
  return error_of([&] { use(document.root().at(key)); });
}

std::string quantity_error(const std::string& value, Quantity kind) {
  return error_at("key: " + value, "key", [&](const Yaml& yaml) { yaml.as_quantity(kind); });
}

/// A file that is gone when the test ends.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("edgeflow-" + std::to_string(getpid()) + "-" + name)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("an input error names what is known of its place and nothing else") {
  CHECK(std::string(InputError({"f.yaml", 3, 5}, "a.b", "is wrong", "try x").what()) ==
        "f.yaml:3:5: at a.b: is wrong (try x)");
  CHECK(std::string(InputError({"f.yaml", 3, 0}, "", "is wrong").what()) == "f.yaml:3: is wrong");
  CHECK(std::string(InputError({"f.yaml", 0, 0}, "", "is wrong").what()) == "f.yaml: is wrong");
  CHECK(std::string(InputError({}, "a", "is wrong").what()) == "at a: is wrong");
  CHECK(std::string(InputError({}, "", "is wrong").what()) == "is wrong");
}

TEST_CASE("texts are made safe to print on one line") {
  CHECK(in_quotes("a\nb\x1b") == "\"a\\x0ab\\x1b\"");
  CHECK(in_quotes(std::string(100, 'x')) == '"' + std::string(60, 'x') + "...\"");
  CHECK(in_quotes("é") == "\"é\"");
}

TEST_CASE("a wrong quantity is answered with an example of a right one") {
  CHECK(quantity_error("100", Quantity::kBandwidth) ==
        "f.yaml:1:6: at key: got \"100\", expected a bandwidth such as 100Mbps");
  CHECK(quantity_error("8", Quantity::kByteRate) ==
        "f.yaml:1:6: at key: got \"8\", expected a byte rate such as 8GB/s");
  CHECK(quantity_error("8GHz", Quantity::kMacRate) ==
        "f.yaml:1:6: at key: got \"8GHz\", expected a MAC rate such as 8GMAC/s");
  CHECK(quantity_error("4Gb", Quantity::kSize) ==
        "f.yaml:1:6: at key: got \"4Gb\", expected a size such as 4GiB");
  CHECK(quantity_error("-1ms", Quantity::kDuration) ==
        "f.yaml:1:6: at key: got \"-1ms\", expected a duration such as 0.5ms");
  CHECK(quantity_error(".inf", Quantity::kFrequency) ==
        "f.yaml:1:6: at key: got \".inf\", expected a rate such as 2/s");
  CHECK(quantity_error("[5W]", Quantity::kPower) ==
        "f.yaml:1:6: at key: got a list, expected a power such as 5W");
  CHECK(quantity_error("0Mbps", Quantity::kBandwidth) ==
        "f.yaml:1:6: at key: got \"0Mbps\", expected a bandwidth such as 100Mbps, more than zero");
  CHECK(quantity_error("1e10GB", Quantity::kSize) ==
        "f.yaml:1:6: at key: got \"1e10GB\", expected a size such as 4GiB (beyond anything real)");
  CHECK(quantity_error("1e-9us", Quantity::kDuration) ==
        "f.yaml:1:6: at key: got \"1e-9us\", expected a duration such as 0.5ms (beyond anything "
        "real)");
}

TEST_CASE("zero is a quantity where the caller says so") {
  const Document document("latency: 0s", "f.yaml");
  CHECK(document.root().at("latency").as_quantity(Quantity::kDuration, true) == 0);
}

TEST_CASE("positions and key paths lead to the value") {
  const Document document("a:\n  b:\n    - 1\n    - {c: x}\n", "f.yaml");
  const Yaml value = document.root().at("a").at("b").items().at(1).at("c");
  CHECK(value.path() == "a.b[1].c");
  CHECK(value.position().line == 4);
  CHECK(value.position().column == 11);
  CHECK(error_of([&] { value.fail("is wrong", "try y"); }) ==
        "f.yaml:4:11: at a.b[1].c: is wrong (try y)");
}

TEST_CASE("keys must be known, unique and names") {
  const auto check = [](const std::string& text) {
    const Document document(text, "f.yaml");
    return error_of([&] { document.root().expect_keys({"memory", "count"}); });
  };
  CHECK(check("count: 1\nmemory: 2") == "no error");
  CHECK(check("count: 1\nmemmory: 2") ==
        "f.yaml:2:1: unknown key \"memmory\" (did you mean \"memory\"?)");
  CHECK(check("colour: 1") == "f.yaml:1:1: unknown key \"colour\" (known: memory, count)");
  CHECK(check("count: 1\nmemory: 1\ncount: 2") == "f.yaml:3:1: key \"count\" stands here twice");
  CHECK(check("[a, b]: 1") == "f.yaml:1:1: got a list, expected a name as key");
  CHECK(check("[a]") == "f.yaml:1:1: got a list, expected a map");
  CHECK(check("") == "f.yaml: got nothing, expected a map");
  CHECK(check("just words") == "f.yaml:1:1: got \"just words\", expected a map");
}

TEST_CASE("free keys come in order, and not twice") {
  const Document document("b: 1\na: 2", "f.yaml");
  const auto entries = document.root().entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].first == "b");
  CHECK(entries[1].second.path() == "a");
  const Document twice("options: {x: 1, x: 2}", "f.yaml");
  CHECK(error_of([&] { twice.root().at("options").entries(); }) ==
        "f.yaml:1:17: at options: key \"x\" stands here twice");
}

TEST_CASE("a missing key is reported where it is missing") {
  const Document document("cluster:\n  network: 1", "f.yaml");
  CHECK(error_of([&] { document.root().at("cluster").at("devices"); }) ==
        "f.yaml:2:3: at cluster: missing key \"devices\"");
  CHECK_FALSE(document.root().find("model").has_value());
}

TEST_CASE("integers are whole and in their limits") {
  const auto error = [](const std::string& value, std::int64_t min, std::int64_t max) {
    return error_at("n: " + value, "n", [&](const Yaml& yaml) { yaml.as_integer(min, max); });
  };
  constexpr auto kNoLimit = std::numeric_limits<std::int64_t>::max();
  for (const char* value : {"1", "3", "8"}) CHECK(error(value, 1, 8) == "no error");
  CHECK(error("9", 1, 8) == "f.yaml:1:4: at n: got \"9\", expected an integer from 1 to 8");
  CHECK(error("0", 1, kNoLimit) ==
        "f.yaml:1:4: at n: got \"0\", expected an integer of at least 1");
  CHECK(error("1.5", 1, 8) == "f.yaml:1:4: at n: got \"1.5\", expected an integer from 1 to 8");
  CHECK(error("99999999999999999999", 1, kNoLimit) ==
        "f.yaml:1:4: at n: got \"99999999999999999999\", expected an integer of at least 1");
  // An empty value stands where its key does.
  CHECK(error("", 1, 8) == "f.yaml:1:1: at n: got nothing, expected an integer from 1 to 8");
}

TEST_CASE("numbers are finite and in their limits") {
  const auto error = [](const std::string& value) {
    return error_at("x: " + value, "x", [](const Yaml& yaml) { yaml.as_number(0, 2.5); });
  };
  CHECK(error("0.44") == "no error");
  CHECK(error("3") == "f.yaml:1:4: at x: got \"3\", expected a number from 0 to 2.5");
  for (const char* value : {"nan", ".nan", "inf", "-.inf", "1e999", "0.5x", "two"}) {
    CAPTURE(value);
    CHECK(error(value) ==
          "f.yaml:1:4: at x: got \"" + std::string(value) + "\", expected a number from 0 to 2.5");
  }
}

TEST_CASE("texts and truths are what they say") {
  CHECK(error_at("s: \"\"", "s", [](const Yaml& yaml) { (void)yaml.as_string(); }) ==
        "f.yaml:1:4: at s: got \"\", expected a text");
  CHECK(error_at("s: yes", "s", [](const Yaml& yaml) { (void)yaml.as_bool(); }) ==
        "f.yaml:1:4: at s: got \"yes\", expected true or false");
  const Document document("t: true\nf: false\nn: 12", "f.yaml");
  CHECK(document.root().at("t").as_bool());
  CHECK_FALSE(document.root().at("f").as_bool());
  CHECK(document.root().at("n").as_string() == "12");
}

TEST_CASE("what is not YAML is refused with its place") {
  CHECK(parse_error("a: [1, 2\nb: 3") == "f.yaml:2:2: not YAML: end of sequence flow not found");
  // The words are the library's; from version 0.8 on it adds the name.
  CHECK(parse_error("a: *nope")
            .starts_with("f.yaml:1:4: not YAML: the referenced anchor is not defined"));
  CHECK(parse_error("a: \"open") == "f.yaml:1:9: not YAML: illegal EOF in scalar");
  CHECK(parse_error("a: 1\n---\nb: 2") ==
        "f.yaml:2:1: a second YAML document starts here, expected only one");
}

TEST_CASE("files that are no text are refused with their place") {
  CHECK(parse_error(std::string("a: 1\nb\0c", 8)) == "f.yaml:2:2: not a text file (UTF-8)");
  CHECK(parse_error("a: \xff\xfe") == "f.yaml:1:4: not a text file (UTF-8)");
  CHECK(parse_error("a: \xc3(") == "f.yaml:1:5: not a text file (UTF-8)");
  CHECK(parse_error("a: \xc3") == "f.yaml:1:5: not a text file (UTF-8)");
  CHECK(parse_error("\x7f"
                    "ELF") == "f.yaml:1:1: not a text file (UTF-8)");
  CHECK(parse_error("\xef\xbb\xbf"
                    "a: \xc3\xa9\r\n") == "no error");  // byte order mark, CR LF
}

TEST_CASE("trees that are endless, too deep or too big are refused") {
  CHECK(parse_error("a: &x [*x]") == "f.yaml:1:8: alias of a value that contains it");
  CHECK(parse_error("a: &x {b: {c: *x}}") == "f.yaml:1:15: alias of a value that contains it");
  CHECK(parse_error(std::string(201, '[') + std::string(201, ']')) ==
        "f.yaml:1:201: nested too deeply");
  CHECK(parse_error(std::string(200, '[') + std::string(200, ']')) == "no error");

  // 10 values, then 10 times as many with every line: the sixth stands for a million.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  CHECK(parse_error(bomb).find("aliases stand for more than a million values") !=
        std::string::npos);

  // Each line nests the one before 100 deeper.
  std::string ladder = "a0: &a0 x\n";
  for (int i = 1; i < 4; ++i) {
    ladder += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + std::string(100, '[') +
              "*a" + std::to_string(i - 1) + std::string(100, ']') + "\n";
  }
  CHECK(parse_error(ladder).find("nested too deeply") != std::string::npos);
}

TEST_CASE("a file that cannot be read as YAML is refused by name") {
  CHECK(error_of([] { const Document document{std::filesystem::path("/no/such/file.yaml")}; }) ==
        "there is no file \"/no/such/file.yaml\"");
  CHECK(error_of([] { const Document document{std::filesystem::path("/")}; }) ==
        "\"/\" is a folder, expected a regular file");
}

TEST_CASE("a document knows its file and folder") {
  const TemporaryFile file("a.yaml", "a: 1\n");
  const Document document(file.path());
  CHECK(document.file() == file.path().string());
  CHECK(document.folder() == file.path().parent_path());
  CHECK(document.root().at("a").as_integer() == 1);
}

TEST_CASE("an override replaces or adds a value") {
  Document document("a: {b: [1, {c: 2}]}\nd: 3", "f.yaml");
  document.override_text("a.b[1].c", "20", kCommandLine);
  document.override_text("d", "[x, y]", kCommandLine);
  document.override_text("simulation.network_model", "lv08", kCommandLine);
  CHECK(document.canonical_text() ==
        "a:\n  b:\n    - 1\n    - c: 20\nd:\n  - x\n  - y\nsimulation:\n  network_model: lv08\n");
}

TEST_CASE("an override is the place of what lies in its value, of nothing else called alike") {
  Document document("net: 1\nnetwork: two\nlist: [3, four]", "f.yaml");
  document.override_text("net", "{a: [five]}", kCommandLine);
  document.override_text("list[0]", "six", {"sweep.yaml", 7, 2});
  const auto error = [](const Yaml& yaml) { return error_of([&] { (void)yaml.as_integer(); }); };
  const Yaml root = document.root();
  CHECK(error(root.at("net").at("a").items()[0]).starts_with("--set: at net.a[0]: "));
  CHECK(error(root.at("network")).starts_with("f.yaml:2:10: at network: "));
  CHECK(error(root.at("list").items()[0]).starts_with("sweep.yaml:7:2: at list[0]: "));
  CHECK(error(root.at("list").items()[1]).starts_with("f.yaml:3:11: at list[1]: "));
}

TEST_CASE("an override does not reach what shares the value by an alias") {
  Document document("a: &x {n: 1}\nb: *x\nc: &y 5\nd: *y", "f.yaml");
  document.override_text("a.n", "2", kCommandLine);
  document.override_text("d", "6", kCommandLine);
  CHECK(document.canonical_text() == "a:\n  n: 2\nb:\n  n: 1\nc: 5\nd: 6\n");
}

TEST_CASE("a copy of a document changes apart, and its values keep their places") {
  const Document document("a: {b: 1, c: [2, {d: x}]}\ne: 5", "f.yaml");
  Document copy = document;
  copy.override_text("a.c[1].d", "7", kCommandLine);
  CHECK(document.canonical_text() == "a:\n  b: 1\n  c:\n    - 2\n    - d: x\ne: 5\n");
  CHECK(copy.canonical_text() == "a:\n  b: 1\n  c:\n    - 2\n    - d: 7\ne: 5\n");
  CHECK(error_of([&] { copy.root().at("a").at("b").as_bool(); }) ==
        "f.yaml:1:8: at a.b: got \"1\", expected true or false");
}

TEST_CASE("an override's value stays as it was given") {
  const Document other("[{count: 1}]", "g.yaml");
  const YamlTree value = other.root().node();
  Document document("devices: []", "f.yaml");
  document.override_value("devices", value, kCommandLine);
  document.override_text("devices[0].count", "4", kCommandLine);
  CHECK(document.root().at("devices").items().at(0).at("count").as_integer() == 4);
  CHECK(other.root().items().at(0).at("count").as_integer() == 1);
}

TEST_CASE("mistakes in overridden values are reported where the override comes from") {
  Document document("cluster:\n  network: {bandwidth: 1Mbps, latency: oops}\n", "f.yaml");
  document.override_text("cluster.network.bandwidth", "10", {"--set", 0, 0});
  document.override_text("simulation", "{ablate: 3}", {"sweep.yaml", 7, 2});
  const Yaml network = document.root().at("cluster").at("network");
  CHECK(error_of([&] { network.at("bandwidth").as_quantity(Quantity::kBandwidth); }) ==
        "--set: at cluster.network.bandwidth: got \"10\", expected a bandwidth such as 100Mbps");
  CHECK(error_of([&] { document.root().at("simulation").at("ablate").items(); }) ==
        "sweep.yaml:7:2: at simulation.ablate: got \"3\", expected a list");
  // What stands beside an override keeps its place.
  CHECK(error_of([&] { network.at("latency").as_quantity(Quantity::kDuration); }) ==
        "f.yaml:2:40: at cluster.network.latency: got \"oops\", expected a duration such as 0.5ms");
  CHECK(error_of([&] { network.at("type"); }) ==
        "f.yaml:2:12: at cluster.network: missing key \"type\"");
}

TEST_CASE("a misspelt key path is reported where the override comes from") {
  Document document("requests: {count: 1}", "f.yaml");
  document.override_text("requests.cuont", "5", kCommandLine);
  CHECK(error_of([&] {
          document.root().at("requests").expect_keys({"count", "arrivals"});
        }) == "--set: at requests: unknown key \"cuont\" (did you mean \"count\"?)");
}

TEST_CASE("a key path that cannot be followed is refused") {
  Document document("model: vgg16\ndevices: [{type: rpi4}]", "f.yaml");
  const auto error = [&](const std::string& path) {
    return error_of([&] { document.override_text(path, "1", kCommandLine); });
  };
  CHECK(error("model.name") == "--set: at model: is not a map, so has no \"name\"");
  CHECK(error("model[0]") == "--set: at model: is not a list, so has no item 0");
  CHECK(error("devices.type") == "--set: at devices: is not a map, so has no \"type\"");
  CHECK(error("devices[1].type") == "--set: at devices: has 1 items counted from 0, no item 1");
  CHECK(error("links[0]") == "--set: at links: is missing, so has no item 0");
  for (const char* path : {"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[-1]", "a[0]b",
                           "[0]", "a[99999999999999999999]"}) {
    CHECK(error(path) ==
          "--set: got \"" + std::string(path) + "\", expected a key path such as a.b[2].c");
  }
  CHECK(error_of([&] { document.override_text("model", "[1, 2", kCommandLine); }) ==
        "--set: at model: not YAML: end of sequence flow not found");
  CHECK(document.canonical_text() == "devices:\n  - type: rpi4\nmodel: vgg16\n");
}

TEST_CASE("canonical text is the same for the same meaning") {
  const std::string text = "a: 1\nb:\n  - x\n  - y: 2\nc: ~\n";
  CHECK(Document(text, "f").canonical_text() == text);
  CHECK(Document("{c: , b: [\"x\", {'y': 2}], a: 1} # comment", "f").canonical_text() == text);
  CHECK(Document("z: &p [x, {y: 2}]\nc: null\nb: *p\na: 1", "f").canonical_text() ==
        text + "z:\n  - x\n  - y: 2\n");
}

TEST_CASE("canonical text reads back as the same values") {
  const std::string text =
      "a: \"null\"\nb: \"\"\nc: \" lead\"\nd: \"line\\nbreak\"\ne: \"- x\"\nf: \"k: v\"\n"
      "g: \"#5\"\nh: é\n\"i: \": \"*x\"\nj: []\nk: {}\n";
  const Document document(text, "f");
  const Document again(document.canonical_text(), "g");
  CHECK(again.canonical_text() == document.canonical_text());
  CHECK(again.root().at("a").as_string() == "null");
  CHECK(again.root().at("b").is_scalar());
  CHECK(again.root().at("c").as_string() == " lead");
  CHECK(again.root().at("d").as_string() == "line\nbreak");
  CHECK(again.root().at("g").as_string() == "#5");
  CHECK(again.root().at("i: ").as_string() == "*x");
  CHECK(again.root().at("j").is_list());
  CHECK(again.root().at("k").is_map());
}

TEST_CASE("any text reads back as itself, in blocks and in one line, as key and as value") {
  for (const std::string& text :
       {std::string("plain"),  std::string("null"),     std::string("Null"),
        std::string("~"),      std::string(""),         std::string(" a"),
        std::string("a "),     std::string("a: b"),     std::string("a #b"),
        std::string("#"),      std::string("- a"),      std::string("-"),
        std::string("--- a"),  std::string("a, b"),     std::string("[a]"),
        std::string("a]"),     std::string("{a: b}"),   std::string("a}"),
        std::string("\"a\""),  std::string("'a'"),      std::string("it's"),
        std::string("&a"),     std::string("*a"),       std::string("!a"),
        std::string("%a"),     std::string("@a"),       std::string("|"),
        std::string(">"),      std::string("? a"),      std::string(":a"),
        std::string("a:"),     std::string("a\nb"),     std::string("a\tb"),
        std::string("\\n"),    std::string("1e+09B/s"), std::string("0x1F"),
        std::string("true"),   std::string("<<"),       std::string("é"),
        std::string(2000, 'k')}) {
    CAPTURE(text);
    YamlTree tree;
    tree["value"] = text;
    tree["list"].push_back(text);
    tree["list"].push_back(YamlTree::list({YamlTree::list({text, YamlTree()}), text}));
    if (!text.empty()) tree["map"][text][text] = text;  // empty keys are refused
    for (const std::string& written : {canonical_text(tree), one_line_text(tree)}) {
      CAPTURE(written);
      if (text.size() > 1024 && !written.ends_with('\n')) continue;  // such keys need a line
      const Document again(written, "again");
      CHECK(again.canonical_text() == canonical_text(tree));
      CHECK(again.root().at("value").node().text() == text);
      CHECK(again.root().at("list").items().at(1).items().at(1).node().text() == text);
      if (text.empty()) continue;
      CHECK(again.root().at("map").at(text).at(text).node().text() == text);
    }
  }
}

TEST_CASE("assigning a value to a variable leaves the document alone") {
  const Document document("a: 1\nb: 2", "f.yaml");
  Yaml value = document.root().at("a");
  value = document.root().at("b");
  CHECK(value.as_integer() == 2);
  CHECK(document.root().at("a").as_integer() == 1);
}

TEST_CASE("the nearest name is a typo away or none") {
  constexpr std::array<std::string_view, 5> kNames{"switch", "wifi", "rpi4", "jetson-nano", "rpi5"};
  CHECK(nearest_name("swich", kNames) == "switch");   // a letter is missing
  CHECK(nearest_name("swithc", kNames) == "switch");  // two letters are swapped
  CHECK(nearest_name("RPI4", kNames) == "rpi4");      // case alone
  CHECK(nearest_name("jetsn-nanno", kNames) == "jetson-nano");
  CHECK(nearest_name("rpi3", kNames) == "rpi4");  // the first of two as near
  CHECK(nearest_name("ethernet", kNames) == std::nullopt);
  CHECK(nearest_name("", kNames) == std::nullopt);
  CHECK(nearest_name("x", kNames) == std::nullopt);
}

}  // namespace edgeflow
