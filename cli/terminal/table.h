// Tables of text that adapt to the width of the terminal.
//
//   Table table({{.title = "layer", .shorten = Shorten::kMiddle, .min_width = 16},
//                {.title = "ms", .align = Align::kRight}});
//   table.AddRow({{"conv1"}, {"0.43", Style::kHot}});
//   output.Write(table.Render(terminal));
//
// Too narrow a terminal first loses columns that are only nice to have, then shortens the columns that may be
// shortened, then loses columns in the order they name. Nothing ever wraps.
#ifndef LATIMER_CLI_TERMINAL_TABLE_H_
#define LATIMER_CLI_TERMINAL_TABLE_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "cli/terminal/style.h"
#include "cli/terminal/terminal.h"

namespace latimer::cli {

enum class Align { kLeft, kRight };

enum class Shorten {
  kNever,
  kMiddle,  // for names
  kEnd,     // for prose
  kBar,     // the column holds bars, redrawn at any width
};

// Columns with this or a higher `drop` are only shown if everything else fits unshortened.
inline constexpr int kNiceToHave = 100;

struct Column {
  std::string title = {};
  Align align = Align::kLeft;
  Shorten shorten = Shorten::kNever;
  int min_width = 0;  // shortened no further (kNever: ignored)
  int max_width = 0;  // never wider; 0: as wide as its content. Bars: the width they like to have
  int drop = 0;       // 0: always shown; the highest goes first
  int gap = 2;        // spaces before the column; ignored before the first
};

struct Cell {
  std::string text = {};
  Style style = Style::kPlain;
  double bar = 0;           // bar columns: length, 0 to 1
  std::string suffix = {};  // after the text, dim, never shortened
};

// Chooses the columns' widths for `available` columns of terminal: -1 for a dropped column. `natural` are the widths
// the contents ask for. The sum of widths and gaps exceeds `available` only if nothing is left to drop or shorten.
std::vector<int> LayoutColumns(const std::vector<Column>& columns, const std::vector<int>& natural, int available);

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty. Texts are made printable here. `style` is for cells without a style of their own.
  void AddRow(std::vector<Cell> cells, Style style = Style::kPlain);
  // A horizontal line.
  void AddRule();

  // Titles, a line, and the rows, each line ending with a line break and without trailing spaces.
  std::string Render(const Terminal& terminal, int indent = 0) const;

 private:
  struct Row {
    std::vector<Cell> cells;
    Style style = Style::kPlain;
    bool rule = false;
  };

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_TABLE_H_
