// Columns that line up, within the width of a terminal where that is possible: too long a text goes
// on in the next line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"

namespace locklab {

class Table {
 public:
  enum class Align : bool { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
    bool folds = false;  // may be narrower than its longest text
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  /// With a line of titles unless all of them are empty. Cells become harmless to a terminal here.
  std::string text(const Terminal& terminal, std::size_t indent = 0) const;

 private:
  std::vector<std::size_t> fitted_widths(const std::vector<std::vector<std::string>>& rows,
                                         std::size_t room) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A paragraph folded to the terminal's width, every line indented and ended.
std::string paragraph(std::string_view text, const Terminal& terminal, std::size_t indent = 0);

/// Harmless to a terminal, and ASCII where it can show no more.
std::string shown_text(std::string_view text, const Terminal& terminal);

}  // namespace locklab
