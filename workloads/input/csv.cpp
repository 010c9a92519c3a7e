#include "workloads/input/csv.hpp"

#include <algorithm>

#include "workloads/input/files.hpp"

namespace edgeflow {

std::string cell(std::optional<double> value) {
  return value && std::isfinite(*value) ? number_text(*value) : "";
}

std::string count_cell(std::optional<std::int64_t> value) {
  return value ? std::to_string(*value) : "";
}

std::string flag_cell(std::optional<bool> value) {
  if (!value) return "";
  return *value ? "1" : "0";
}

std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

std::string csv_row(std::span<const std::string> cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_quoted(cells[i]);
  }
  return line + '\n';
}

std::string csv_row(std::initializer_list<std::string> cells) {
  return csv_row(std::span(cells.begin(), cells.size()));
}

CsvReader::CsvReader(const std::filesystem::path& file)
    : file_(file.string()), stream_(read_input(file)) {
  if (!next()) return;
  for (Cell& cell : cells_) names_.push_back(std::move(cell.text));
}

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

const std::string& CsvReader::text(std::size_t cell) const {
  static const std::string kNothing;
  return cell < cells_.size() ? cells_[cell].text : kNothing;
}

Position CsvReader::position(std::size_t cell) const {
  if (cell >= cells_.size()) return position();
  return {file_, cells_[cell].line, cells_[cell].column};
}

bool CsvReader::read_line() {
  if (!std::getline(stream_, line_)) return false;
  ++line_number_;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

bool CsvReader::next() {
  do {
    if (!read_line()) return false;
  } while (line_.empty() || line_.front() == '#');
  row_line_ = line_number_;
  read_cells();
  return true;
}

void CsvReader::read_cells() {
  cells_.clear();
  std::size_t at = 0;
  while (true) {
    Cell& cell = cells_.emplace_back(Cell{"", line_number_, static_cast<int>(at) + 1});
    if (at < line_.size() && line_[at] == '"') {
      at = read_quoted(at, cell);
    } else {
      const std::size_t end = std::min(line_.find(',', at), line_.size());
      cell.text = line_.substr(at, end - at);
      at = end;
    }
    if (at == line_.size()) return;
    ++at;  // the comma
  }
}

std::size_t CsvReader::read_quoted(std::size_t at, Cell& cell) {
  const Position start{file_, cell.line, cell.column};
  for (++at;; ++at) {
    if (at == line_.size()) {
      if (!read_line()) throw InputError(start, "", "the quote of this cell does not end");
      cell.text += '\n';
      at = std::string::npos;  // before the line's first letter
    } else if (line_[at] != '"') {
      cell.text += line_[at];
    } else if (at + 1 < line_.size() && line_[at + 1] == '"') {
      cell.text += line_[++at];
    } else {
      break;
    }
  }
  ++at;
  if (at < line_.size() && line_[at] != ',') {
    throw InputError({file_, line_number_, static_cast<int>(at) + 1}, "",
                     "expected a comma after the quoted cell");
  }
  return at;
}

}  // namespace edgeflow
