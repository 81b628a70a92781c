#include "cli/terminal/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/terminal/bar.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

constexpr int kDropped = -1;

int Total(const std::vector<Column>& columns, const std::vector<int>& widths) {
  int total = 0;
  bool first = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (widths[i] == kDropped) continue;
    total += widths[i] + (first ? 0 : columns[i].gap);
    first = false;
  }
  return total;
}

// Index of the shown column to lose next; -1 if none may go.
int NextToDrop(const std::vector<Column>& columns, const std::vector<int>& widths, int at_least) {
  int next = -1;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (widths[i] == kDropped || columns[i].drop < at_least) continue;
    if (next < 0 || columns[i].drop > columns[next].drop) next = static_cast<int>(i);
  }
  return next;
}

std::string Fit(const Column& column, const Cell& cell, int width, bool ascii) {
  if (column.shorten == Shorten::kBar) return Bar(cell.bar, width, ascii);
  const int room = width - DisplayWidth(cell.suffix);
  return column.shorten == Shorten::kEnd ? ShortenEnd(cell.text, room, ascii) : ShortenMiddle(cell.text, room, ascii);
}

void TrimRight(std::string* line) { line->erase(line->find_last_not_of(' ') + 1); }

}  // namespace

std::vector<int> LayoutColumns(const std::vector<Column>& columns, const std::vector<int>& natural, int available) {
  std::vector<int> widths = natural;
  std::vector<int> smallest = natural;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].max_width > 0) widths[i] = std::min(widths[i], columns[i].max_width);
    smallest[i] = columns[i].shorten == Shorten::kNever ? widths[i] : std::min(widths[i], columns[i].min_width);
  }
  const auto drop_while = [&](const std::vector<int>& judged, int at_least) {
    while (Total(columns, judged) > available) {
      const int next = NextToDrop(columns, widths, at_least);
      if (next < 0) break;
      widths[next] = smallest[next] = kDropped;
    }
  };
  drop_while(widths, kNiceToHave);
  drop_while(smallest, 1);
  // Bars give way before names, and of several names the widest.
  for (int excess = Total(columns, widths) - available; excess > 0; --excess) {
    int widest = -1;
    for (const bool bars : {true, false}) {
      for (size_t i = 0; i < columns.size() && (bars || widest < 0 || columns[widest].shorten != Shorten::kBar); ++i) {
        if (widths[i] <= smallest[i] || (columns[i].shorten == Shorten::kBar) != bars) continue;
        if (widest < 0 || widths[i] > widths[widest]) widest = static_cast<int>(i);
      }
    }
    if (widest < 0) break;
    --widths[widest];
  }
  return widths;
}

void Table::AddRow(std::vector<Cell> cells, Style style) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), style, false});
}

void Table::AddRule() { rows_.push_back({std::vector<Cell>(columns_.size()), Style::kDim, true}); }

std::string Table::Render(const Terminal& terminal, int indent) const {
  std::vector<Row> rows = rows_;
  std::vector<int> natural(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    natural[i] = DisplayWidth(columns_[i].title);
    if (columns_[i].shorten == Shorten::kBar) natural[i] = std::max(natural[i], columns_[i].max_width);
    for (Row& row : rows) {
      Cell& cell = row.cells[i];
      cell.text = Printable(cell.text, terminal.ascii);
      natural[i] = std::max(natural[i], DisplayWidth(cell.text) + DisplayWidth(cell.suffix));
    }
  }
  const std::vector<int> widths = LayoutColumns(columns_, natural, terminal.width - indent);

  std::string result;
  const auto add_line = [&](const Row& row, bool is_header) {
    std::string line(indent, ' ');
    bool first = true;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == kDropped) continue;
      const Column& column = columns_[i];
      const Cell& cell = row.cells[i];
      if (!first) line.append(column.gap, ' ');
      first = false;
      const std::string text = is_header ? ShortenEnd(column.title, widths[i], terminal.ascii)
                                         : Fit(column, cell, widths[i], terminal.ascii);
      const int padding = std::max(0, widths[i] - DisplayWidth(text) - DisplayWidth(cell.suffix));
      const std::string painted =
          absl::StrCat(Paint(text, cell.style == Style::kPlain ? row.style : cell.style, terminal.color),
                       Paint(cell.suffix, Style::kDim, terminal.color));
      if (column.align == Align::kRight) line.append(padding, ' ');
      absl::StrAppend(&line, painted);
      if (column.align == Align::kLeft) line.append(padding, ' ');
    }
    TrimRight(&line);
    absl::StrAppend(&result, line, "\n");
  };
  const auto add_rule = [&] {
    std::string rule;
    for (int i = 0; i < Total(columns_, widths); ++i) absl::StrAppend(&rule, terminal.ascii ? "-" : "─");
    absl::StrAppend(&result, std::string(indent, ' '), Paint(rule, Style::kDim, terminal.color), "\n");
  };

  add_line({std::vector<Cell>(columns_.size()), Style::kHeader, false}, true);
  add_rule();
  for (const Row& row : rows) {
    if (row.rule) {
      add_rule();
    } else {
      add_line(row, false);
    }
  }
  return result;
}

}  // namespace latimer::cli
