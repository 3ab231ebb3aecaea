#include "cli/table.hpp"

#include <algorithm>

#include "reports/plain_text.hpp"

namespace locklab {
namespace {

constexpr std::size_t kGap = 2;  // between columns
// No column is folded to less than this, nor to less than its longest word, so that a list is
// folded after its commas; the line gets too long instead. What is longer than `kLongWord` is cut
// all the same.
constexpr std::size_t kLeastFold = 20;
constexpr std::size_t kLongWord = 40;

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    longest = std::max(longest, columns(word));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return longest;
}

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
  std::vector<std::size_t> least(columns_.size(), kLeastFold);
  for (const std::vector<std::string>& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns(row[i]));
      least[i] = std::max(least[i], std::min(longest_word(row[i]), kLongWord));
    }
  std::size_t total = kGap * (columns_.size() - 1);
  for (const std::size_t width : widths) total += width;
  while (total > room) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].folds && widths[i] > least[i] &&
          (widest == columns_.size() || widths[i] > widths[widest]))
        widest = i;
    if (widest == columns_.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

}  // namespace locklab
