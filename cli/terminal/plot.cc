#include "cli/terminal/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "cli/format/ticks.h"
#include "cli/terminal/style.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

constexpr int kMostColumns = 100;
constexpr int kLeastColumns = 20;
// A character of braille holds 2 x 4 dots.
constexpr int kDotsAcross = 2;
constexpr int kDotsDown = 4;
constexpr std::array<std::array<int, kDotsAcross>, kDotsDown> kDotBits = {
    {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};

std::string Braille(int bits) {
  const int code = 0x2800 + bits;
  return {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

class Canvas {
 public:
  Canvas(const Plot& plot, const Terminal& terminal, int height) : terminal_(terminal), height_(std::max(4, height)) {
    bool any = false;
    const auto add = [&](double x, double y) {
      if (!std::isfinite(x) || !std::isfinite(y)) return;
      low_x_ = any ? std::min(low_x_, x) : x;
      high_x_ = any ? std::max(high_x_, x) : x;
      high_y_ = std::max(high_y_, y);
      any = true;
    };
    for (const PlotPoint& point : plot.line) add(point.x, point.y);
    for (const PlotPoint& point : plot.dots) add(point.x, point.y);
    for (const PlotMark& mark : plot.marks) add(mark.x, mark.upper);
    usable_ = any;
    if (!(high_x_ > low_x_)) high_x_ = low_x_ + 1;
    high_y_ = high_y_ > 0 ? high_y_ * 1.02 : 1;
    y_ticks_ = LinearTicks(0, high_y_, std::max(2, height_ / 3));
    for (const double tick : y_ticks_) label_width_ = std::max(label_width_, DisplayWidth(TickText(tick)));
    width_ = std::max(kLeastColumns, std::min(terminal.width, kMostColumns) - label_width_ - 3);
    dots_.assign(static_cast<size_t>(width_ * height_), 0);
    marks_.assign(static_cast<size_t>(width_ * height_), ' ');
  }

  bool usable() const { return usable_; }

  void Stairs(const std::vector<PlotPoint>& line) {
    int last_column = -1;
    int last_row = 0;
    for (const PlotPoint& point : line) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      const int column = Across(point.x, width_ * kDotsAcross);
      const int row = Down(point.y, height_ * kDotsDown);
      if (last_column >= 0) {
        for (int c = last_column; c <= column; ++c) Dot(c, last_row);
        for (int r = std::min(last_row, row); r <= std::max(last_row, row); ++r) Dot(column, r);
      }
      Dot(column, row);
      last_column = column;
      last_row = row;
    }
  }

  void Dots(const std::vector<PlotPoint>& points) {
    int last_column = -1;
    for (const PlotPoint& point : points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      const int column = Across(point.x, width_);
      if (column == last_column) continue;
      marks_[static_cast<size_t>(Down(point.y, height_) * width_ + column)] = '.';
      last_column = column;
    }
  }

  void Mark(const PlotMark& mark) {
    if (!std::isfinite(mark.x) || !std::isfinite(mark.lower) || !std::isfinite(mark.upper)) return;
    const int column = Across(mark.x, width_);
    for (int row = Down(mark.upper, height_); row <= Down(mark.lower, height_); ++row) {
      char& cell = marks_[static_cast<size_t>(row * width_ + column)];
      if (cell != 'o') cell = '|';
    }
    marks_[static_cast<size_t>(Down((mark.lower + mark.upper) / 2, height_) * width_ + column)] = 'o';
  }

  std::string Render(const Plot& plot) const {
    std::string text = absl::StrCat(PadLeft(Printable(plot.y_title, terminal_.ascii), label_width_), "\n");
    for (int row = 0; row < height_; ++row) {
      std::string label;
      for (const double tick : y_ticks_) {
        if (Down(tick, height_) == row) label = TickText(tick);
      }
      std::string line = absl::StrCat(PadLeft(label, label_width_), " ",
                                      terminal_.ascii ? (label.empty() ? "|" : "+") : (label.empty() ? "│" : "┤"));
      for (int column = 0; column < width_; ++column) line += Cell(row, column);
      while (!line.empty() && line.back() == ' ') line.pop_back();
      text += line + "\n";
    }
    std::string axis =
        absl::StrCat(std::string(static_cast<size_t>(label_width_ + 1), ' '), terminal_.ascii ? "+" : "└");
    std::string labels(static_cast<size_t>(label_width_ + 2), ' ');
    std::string line(static_cast<size_t>(width_), '-');
    const std::string title = Printable(plot.x_title, terminal_.ascii);
    const int room = width_ - DisplayWidth(title) - 2;
    size_t free_from = 0;
    std::string below(static_cast<size_t>(width_), ' ');
    for (const double tick : LinearTicks(low_x_, high_x_, std::max(2, width_ / 9))) {
      const auto column = static_cast<size_t>(Across(tick, width_));
      line[column] = '+';
      const std::string word = TickText(tick);
      const size_t start = column >= word.size() / 2 ? column - word.size() / 2 : 0;
      if (start < free_from || static_cast<int>(start + word.size()) > room) continue;
      below.replace(start, word.size(), word);
      free_from = start + word.size() + 1;
    }
    if (room > 0) below.resize(static_cast<size_t>(room + 2));
    for (const char c : line) axis += terminal_.ascii ? std::string(1, c) : c == '+' ? "┴" : "─";
    return absl::StrCat(text, axis, "\n", labels, below, title, "\n");
  }

 private:
  int Across(double x, int columns) const {
    return std::clamp(static_cast<int>(std::lround((x - low_x_) / (high_x_ - low_x_) * (columns - 1))), 0, columns - 1);
  }
  int Down(double y, int rows) const {
    return std::clamp(rows - 1 - static_cast<int>(std::lround(y / high_y_ * (rows - 1))), 0, rows - 1);
  }
  void Dot(int column, int row) {
    dots_[static_cast<size_t>(row / kDotsDown * width_ + column / kDotsAcross)] |=
        kDotBits[static_cast<size_t>(row % kDotsDown)][static_cast<size_t>(column % kDotsAcross)];
  }
  std::string Cell(int row, int column) const {
    const auto at = static_cast<size_t>(row * width_ + column);
    if (marks_[at] == 'o') return Paint(terminal_.ascii ? "o" : "●", Style::kWarm, terminal_.color);
    if (dots_[at] != 0) return terminal_.ascii ? "-" : Braille(dots_[at]);
    if (marks_[at] == '.') return terminal_.ascii ? "." : "·";
    if (marks_[at] == '|') return Paint(terminal_.ascii ? ":" : "╎", Style::kWarm, terminal_.color);
    return " ";
  }

  const Terminal& terminal_;
  const int height_;
  bool usable_ = false;
  double low_x_ = 0;
  double high_x_ = 1;
  double high_y_ = 0;
  std::vector<double> y_ticks_;
  int label_width_ = 2;
  int width_ = 0;
  std::vector<int> dots_;
  std::string marks_;
};

}  // namespace

std::string DrawPlot(const Plot& plot, const Terminal& terminal, int height) {
  Canvas canvas(plot, terminal, height);
  if (!canvas.usable()) return "";
  canvas.Dots(plot.dots);
  canvas.Stairs(plot.line);
  for (const PlotMark& mark : plot.marks) canvas.Mark(mark);
  return canvas.Render(plot);
}

}  // namespace latimer::cli
