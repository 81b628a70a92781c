// Plots as SVG for a page whose style sheet knows the classes: grid, axis, tick, and those of what is drawn.
#ifndef LATIMER_CLI_REPORT_SVG_PLOT_H_
#define LATIMER_CLI_REPORT_SVG_PLOT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/terminal/plot.h"

namespace latimer::cli {

// An axis from `low` to `high`; a logarithmic one needs 0 < low.
struct SvgAxis {
  std::string title;
  double low = 0;
  double high = 1;
  bool logarithmic = false;
};

class SvgPlot {
 public:
  // Axes that make no sense become 0 to 1 (1 to 10).
  SvgPlot(int width, int height, SvgAxis x, SvgAxis y);

  // Points by x, joined by straight lines or as a staircase. Values that are no numbers are left out.
  void AddLine(const std::vector<PlotPoint>& points, bool stairs, absl::string_view css_class);

  // A dot at `middle` with a bar from `lower` to `upper` and a text that shows when it is pointed at.
  void AddMark(double x, double lower, double middle, double upper, absl::string_view css_class,
               const std::string& tip);

  // `label` is for people who cannot see it.
  std::string Render(const std::string& label) const;

 private:
  double X(double value) const;
  double Y(double value) const;

  const int width_;
  const int height_;
  SvgAxis x_;
  SvgAxis y_;
  std::string drawn_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_SVG_PLOT_H_
