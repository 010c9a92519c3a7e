#include "sim/records/result_bytes.hpp"

#include <cstring>
#include <type_traits>
#include <vector>

namespace edgeflow {
namespace {

// One list of the fields serves both directions.
template <typename Visitor, typename Result>
void visit_fields(Visitor& visit, Result& result) {
  visit(result.status);
  visit(result.message);
  visit(result.makespan_s);
  visit(result.activities);
  visit(result.offered.load);
  visit(result.offered.resource);
  visit(result.process);
  visit(result.requests);
  visit(result.in_flight_s);
  visit(result.lost_bytes);
  visit(result.units);
  visit(result.transfers);
  visit(result.devices);
  visit(result.links);
}

class Writer {
 public:
  template <typename T>
  void operator()(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    append(&value, sizeof value);
  }
  void operator()(const std::string& text) { list(text); }
  template <typename T>
  void operator()(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    list(values);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <typename List>
  void list(const List& values) {
    (*this)(values.size());
    append(values.data(), values.size() * sizeof *values.data());
  }
  void append(const void* data, std::size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  void operator()(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    copy(&value, sizeof value);
  }
  void operator()(std::string& text) { list(text); }
  template <typename T>
  void operator()(std::vector<T>& values) {
    list(values);
  }
  bool exactly_read() const { return ok_ && bytes_.empty(); }

 private:
  template <typename List>
  void list(List& values) {
    constexpr std::size_t kSize = sizeof *values.data();
    std::size_t count = 0;
    (*this)(count);
    ok_ = ok_ && count <= bytes_.size() / kSize;
    if (!ok_) return;
    values.resize(count);
    copy(values.data(), count * kSize);
  }
  void copy(void* to, std::size_t size) {
    ok_ = ok_ && size <= bytes_.size();
    if (!ok_ || size == 0) return;
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace

std::string to_bytes(const SimulationResult& result) {
  Writer writer;
  visit_fields(writer, result);
  return writer.take();
}

std::optional<SimulationResult> from_bytes(std::string_view bytes) {
  SimulationResult result;
  Reader reader(bytes);
  visit_fields(reader, result);
  if (!reader.exactly_read()) return std::nullopt;
  return result;
}

}  // namespace edgeflow
