#include "cli/table.hpp"

#include <algorithm>

#include "reports/plain_text.hpp"

namespace locklab {
namespace {

constexpr std::size_t kGap = 2;  // between columns
// Room for the longest name of an invariant and a comma. With less, the line gets too long instead.
constexpr std::size_t kLeastFold = 25;

void append_cell(std::string& line, std::string_view cell, std::size_t width, Table::Align align) {
  const std::size_t missing = width - std::min(width, columns(cell));
  if (align == Table::Align::right) line.append(missing, ' ');
  line += cell;
  if (align == Table::Align::left) line.append(missing, ' ');
}

void end_line(std::string& out, std::string line) {
  while (line.ends_with(' ')) line.pop_back();
  out += line + '\n';
}

}  // namespace

std::string shown_text(std::string_view text, const Terminal& terminal) {
  return terminal.ascii ? ascii_text(text) : safe_text(text);
}

std::string paragraph(std::string_view text, const Terminal& terminal, std::size_t indent) {
  std::string out;
  const std::string shown = shown_text(text, terminal);
  for (const std::string_view line : wrapped(shown, terminal.width - indent))
    end_line(out, std::string(indent, ' ').append(line));
  return out;
}

std::string Table::text(const Terminal& terminal, std::size_t indent) const {
  std::vector<std::vector<std::string>> rows;
  if (std::any_of(columns_.begin(), columns_.end(),
                  [](const Column& column) { return !column.title.empty(); })) {
    rows.emplace_back();
    for (const Column& column : columns_) rows.back().push_back(column.title);
  }
  for (const std::vector<std::string>& row : rows_) {
    rows.emplace_back();
    for (const std::string& cell : row) rows.back().push_back(shown_text(cell, terminal));
  }
  const std::vector<std::size_t> widths = fitted_widths(rows, terminal.width - indent);

  std::string out;
  for (const std::vector<std::string>& row : rows) {
    std::vector<std::vector<std::string_view>> folded;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      folded.push_back(wrapped(row[i], std::max<std::size_t>(widths[i], 1)));
      lines = std::max(lines, folded.back().size());
    }
    for (std::size_t part = 0; part < lines; ++part) {
      std::string line(indent, ' ');
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) line.append(kGap, ' ');
        append_cell(line, part < folded[i].size() ? folded[i][part] : std::string_view(), widths[i],
                    columns_[i].align);
      }
      end_line(out, std::move(line));
    }
  }
  return out;
}

std::vector<std::size_t> Table::fitted_widths(const std::vector<std::vector<std::string>>& rows,
                                              std::size_t room) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const std::vector<std::string>& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  std::size_t total = kGap * (columns_.size() - 1);
  for (const std::size_t width : widths) total += width;
  while (total > room) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].folds && widths[i] > kLeastFold &&
          (widest == columns_.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == columns_.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

}  // namespace locklab
