#include "cli/report/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/format/markup.h"
#include "cli/format/ticks.h"

namespace latimer::cli {
namespace {

constexpr int kLeft = 56;
constexpr int kRight = 12;
constexpr int kTop = 22;
constexpr int kBottom = 36;
constexpr double kRadius = 3;

SvgAxis Sane(SvgAxis axis) {
  if (std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low < axis.high &&
      (!axis.logarithmic || axis.low > 0)) {
    return axis;
  }
  axis.low = axis.logarithmic ? 1 : 0;
  axis.high = axis.logarithmic ? 10 : 1;
  return axis;
}

// Where `value` lies between the ends, 0 to 1; a little beyond is cut.
double Share(const SvgAxis& axis, double value) {
  const double share = axis.logarithmic
                           ? std::log(std::max(value, axis.low * 1e-3) / axis.low) / std::log(axis.high / axis.low)
                           : (value - axis.low) / (axis.high - axis.low);
  return std::clamp(share, 0.0, 1.0);
}

std::vector<double> Ticks(const SvgAxis& axis, int most) {
  return axis.logarithmic ? LogTicks(axis.low, axis.high) : LinearTicks(axis.low, axis.high, most);
}

}  // namespace

SvgPlot::SvgPlot(int width, int height, SvgAxis x, SvgAxis y)
    : width_(width), height_(height), x_(Sane(std::move(x))), y_(Sane(std::move(y))) {}

double SvgPlot::X(double value) const { return kLeft + Share(x_, value) * (width_ - kLeft - kRight); }
double SvgPlot::Y(double value) const { return height_ - kBottom - Share(y_, value) * (height_ - kTop - kBottom); }

void SvgPlot::AddLine(const std::vector<PlotPoint>& points, bool stairs, absl::string_view css_class) {
  std::string path;
  double last_y = 0;
  for (const PlotPoint& point : points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    const double y = Y(point.y);
    if (path.empty()) {
      absl::StrAppend(&path, "M", Coordinate(X(point.x)), " ", Coordinate(y));
    } else if (stairs) {
      absl::StrAppend(&path, "H", Coordinate(X(point.x)));
      if (y != last_y) absl::StrAppend(&path, "V", Coordinate(y));
    } else {
      absl::StrAppend(&path, "L", Coordinate(X(point.x)), " ", Coordinate(y));
    }
    last_y = y;
  }
  if (!path.empty()) drawn_ += Element("path", {{"class", std::string(css_class)}, {"d", path}}) + "\n";
}

void SvgPlot::AddMark(double x, double lower, double middle, double upper, absl::string_view css_class,
                      const std::string& tip) {
  if (!std::isfinite(x) || !std::isfinite(lower) || !std::isfinite(middle) || !std::isfinite(upper)) return;
  const std::string at = Coordinate(X(x));
  std::string mark = TextElement("title", {}, tip);
  mark += Element("line", {{"x1", at}, {"x2", at}, {"y1", Coordinate(Y(lower))}, {"y2", Coordinate(Y(upper))}});
  mark += Element("circle", {{"cx", at}, {"cy", Coordinate(Y(middle))}, {"r", Coordinate(kRadius)}});
  drawn_ += Element("g", {{"class", std::string(css_class)}}, mark) + "\n";
}

std::string SvgPlot::Render(const std::string& label) const {
  const std::string left = Coordinate(kLeft);
  const std::string right = Coordinate(width_ - kRight);
  const std::string top = Coordinate(kTop);
  const std::string bottom = Coordinate(height_ - kBottom);
  std::string svg = "\n";
  for (const double tick : Ticks(y_, 6)) {
    const std::string y = Coordinate(Y(tick));
    svg += Element("line", {{"class", "grid"}, {"x1", left}, {"x2", right}, {"y1", y}, {"y2", y}});
    svg += TextElement("text", {{"class", "tick end"}, {"x", Coordinate(kLeft - 6)}, {"y", Coordinate(Y(tick) + 4)}},
                       TickText(tick)) +
           "\n";
  }
  for (const double tick : Ticks(x_, 9)) {
    const std::string x = Coordinate(X(tick));
    svg += Element("line", {{"class", "grid"}, {"x1", x}, {"x2", x}, {"y1", top}, {"y2", bottom}});
    svg += TextElement("text", {{"class", "tick middle"}, {"x", x}, {"y", Coordinate(height_ - kBottom + 15)}},
                       TickText(tick)) +
           "\n";
  }
  svg += Element("line", {{"class", "axis"}, {"x1", left}, {"x2", right}, {"y1", bottom}, {"y2", bottom}});
  svg += Element("line", {{"class", "axis"}, {"x1", left}, {"x2", left}, {"y1", top}, {"y2", bottom}}) + "\n";
  svg += TextElement("text", {{"class", "title end"}, {"x", right}, {"y", Coordinate(height_ - 4)}}, x_.title);
  svg += TextElement("text", {{"class", "title"}, {"x", "4"}, {"y", "13"}}, y_.title) + "\n";
  svg += drawn_;
  return Element(
      "svg", {{"viewBox", absl::StrCat("0 0 ", width_, " ", height_)}, {"role", "img"}, {"aria-label", label}}, svg);
}

}  // namespace latimer::cli
