#include "experiments/run/progress.hpp"

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

ProgressBar::ProgressBar(std::size_t runs, std::size_t done)
    : runs_(runs), done_before_(done), done_(done), terminal_(isatty(STDERR_FILENO) != 0) {
  if (terminal_) draw("");
}

ProgressBar::~ProgressBar() {
  if (terminal_) fmt::print(stderr, "{}", kClearLine);
}

void ProgressBar::draw(const std::string& label) const {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
  const double share = static_cast<double>(done_) / static_cast<double>(runs_);
  const auto filled = static_cast<int>(share * kBarWidth);
  const double pace_s = spent.count() / static_cast<double>(done_ - done_before_);
  const std::string left =
      done_ == done_before_
          ? ""
          : fmt::format("  {} left", clock_text(pace_s * static_cast<double>(runs_ - done_)));
  const std::string line = fmt::format("[{:#>{}}{:.>{}}] {}/{}{}  {}", "", filled, "",
                                       kBarWidth - filled, done_, runs_, left, label);
  fmt::print(stderr, "{}{}", kClearLine, line.substr(0, terminal_width() - 1));
  std::fflush(stderr);
}

void ProgressBar::done(const std::string& label, const Outcome& outcome) {
  ++done_;
  const bool ok = outcome.status == to_string(Status::kOk);
  if (terminal_ && ok) return draw(label);
  const std::string text = ok ? fmt::format("{:.1f} ms", outcome.latency_s * 1e3)
                              : fmt::format("{}: {}", outcome.status, outcome.message);
  fmt::print(stderr, "{}[{}/{}] {}: {}\n", terminal_ ? kClearLine : "", done_, runs_, label, text);
  if (terminal_) draw(label);
}

}  // namespace edgeflow
