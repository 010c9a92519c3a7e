#include "platforms/messaging.hpp"

#include "platforms/device.hpp"
#include "workloads/input/home.hpp"

namespace edgeflow {

Messaging read_messaging(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "name", "description", "message_overhead", "serialization_rate",
                    "sends", "error", "source"});
  (void)root.at("schema").as_integer(1, 1);
  Messaging messaging;
  messaging.name = read_name(root.at("name"));
  if (const auto description = root.find("description")) (void)description->as_string();
  ComputeProfile costs;
  read_rates(root, costs);
  messaging.message_overhead_s = costs.message_overhead_s;
  messaging.serialization_rate_Bps = costs.serialization_rate_Bps;
  messaging.sends = costs.sends;
  if (const auto error = root.find("error")) {
    messaging.error = error->as_quantity(Quantity::kShare, /*zero_ok=*/true);
  }
  messaging.source = root.at("source").as_string();
  return messaging;
}

Messaging load_messaging(const std::string& name, const std::filesystem::path& folder) {
  const Document document(find_file(name, "platforms/messaging", folder));
  return read_messaging(document);
}

}  // namespace edgeflow
