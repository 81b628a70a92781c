// A plot made of characters: lines and marks over them.
#ifndef LATIMER_CLI_TERMINAL_PLOT_H_
#define LATIMER_CLI_TERMINAL_PLOT_H_

#include <string>
#include <vector>

#include "cli/terminal/terminal.h"

namespace latimer::cli {

struct PlotPoint {
  double x = 0;
  double y = 0;
};

// A value known to lie in an interval; drawn in its middle, with the interval where it is wider than a row.
struct PlotMark {
  double x = 0;
  double lower = 0;
  double upper = 0;
};

struct Plot {
  std::string x_title;
  std::string y_title;
  std::vector<PlotPoint> line;  // by x; drawn as a staircase
  std::vector<PlotMark> marks;
  std::vector<PlotPoint> dots;  // another line, drawn below the others
};

// `height` rows of drawing (at least 4) above the axis, as wide as the terminal up to 100 columns. The y axis begins at
// 0. Points that are no numbers are left out; empty if none is left.
std::string DrawPlot(const Plot& plot, const Terminal& terminal, int height = 16);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_PLOT_H_
