#include "experiments/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace edgeflow {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";
constexpr int kBarWidth = 20;

std::string clock_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::size_t runs) : runs_(runs), terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (terminal_) fmt::print(stderr, "{}", kClearLine);
}

void Progress::draw(const std::string& label) const {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
  const double share = static_cast<double>(done_) / static_cast<double>(runs_);
  const auto filled = static_cast<int>(share * kBarWidth);
  const std::string left =
      done_ == 0 ? "" : fmt::format("  {} left", clock_text(spent.count() * (1 / share - 1)));
  const std::string line = fmt::format("[{:#>{}}{:.>{}}] {}/{}{}  {}", "", filled, "",
                                       kBarWidth - filled, done_, runs_, left, label);
  fmt::print(stderr, "{}{}", kClearLine, line.substr(0, terminal_width() - 1));
  std::fflush(stderr);
}

void Progress::starts(const std::string& label) {
  if (terminal_) draw(label);
}

void Progress::done(const std::string& label, const RunReport& report) {
  ++done_;
  const bool ok = report.status == Status::kOk;
  if (terminal_ && ok) return draw(label);
  const std::string outcome = ok ? fmt::format("{:.1f} ms", *report.latency_s * 1e3)
                                 : fmt::format("{}: {}", to_string(report.status), report.message);
  fmt::print(stderr, "{}[{}/{}] {}: {}\n", terminal_ ? kClearLine : "", done_, runs_, label,
             outcome);
}

}  // namespace edgeflow
