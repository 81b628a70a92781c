#include "cli/report/graph_lanes.h"

#include <algorithm>
#include <set>

namespace latimer::cli {
namespace {

constexpr int kFree = -1;

struct Glyphs {
  const char* node;
  const char* source;
  const char* lane;
  const char* line;
  const char* branch_right;  // the lane goes on, a line leaves it to the right
  const char* branch_left;
  const char* branch_both;
  const char* end_right;  // the lane ends, turning to the right
  const char* end_left;
  const char* end_both;
};
constexpr Glyphs kUnicode = {"●", "○", "│", "─", "├", "┤", "┼", "╰", "╯", "┴"};
constexpr Glyphs kAscii = {"*", "o", "|", "-", "|", "|", "+", "`", "'", "'"};

class LaneDrawer {
 public:
  LaneDrawer(const std::vector<GraphNode>& nodes, bool ascii)
      : nodes_(nodes), glyphs_(ascii ? kAscii : kUnicode), last_use_(nodes.size(), kFree) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (const int input : nodes[i].inputs) {
        if (IsBefore(input, i)) last_use_[static_cast<size_t>(input)] = static_cast<int>(i);
      }
    }
  }

  std::string Draw(size_t node) {
    std::set<int> read;  // lanes
    int column = kFree;
    for (int lane = 0; lane < static_cast<int>(lanes_.size()); ++lane) {
      const int producer = lanes_[static_cast<size_t>(lane)];
      const auto& inputs = nodes_[node].inputs;
      if (producer == kFree || std::find(inputs.begin(), inputs.end(), producer) == inputs.end()) continue;
      read.insert(lane);
      if (Ends(lane, node) && column == kFree) column = lane;  // the node takes the lane over
    }
    if (column == kFree) {
      column = static_cast<int>(std::find(lanes_.begin(), lanes_.end(), kFree) - lanes_.begin());
      if (column == static_cast<int>(lanes_.size())) lanes_.push_back(kFree);
    }
    const int low = read.empty() ? column : std::min(column, *read.begin());
    const int high = read.empty() ? column : std::max(column, *read.rbegin());
    std::string row;
    for (int lane = 0; lane < static_cast<int>(lanes_.size()); ++lane) {
      const bool within = lane > low && lane < high;
      if (lane == column) {
        row += nodes_[node].is_source ? glyphs_.source : glyphs_.node;
      } else if (read.count(lane) > 0) {
        const bool ends = Ends(lane, node);
        if (within) {
          row += ends ? glyphs_.end_both : glyphs_.branch_both;
        } else if (lane < column) {
          row += ends ? glyphs_.end_right : glyphs_.branch_right;
        } else {
          row += ends ? glyphs_.end_left : glyphs_.branch_left;
        }
      } else if (lanes_[static_cast<size_t>(lane)] != kFree) {
        row += glyphs_.lane;
      } else {
        row += within ? glyphs_.line : " ";
      }
      if (lane + 1 < static_cast<int>(lanes_.size())) row += lane >= low && lane < high ? glyphs_.line : " ";
    }
    widest_ = std::max(widest_, static_cast<int>(lanes_.size()));
    for (const int lane : read) {
      if (Ends(lane, node)) lanes_[static_cast<size_t>(lane)] = kFree;
    }
    lanes_[static_cast<size_t>(column)] = last_use_[node] == kFree ? kFree : static_cast<int>(node);
    while (!lanes_.empty() && lanes_.back() == kFree) lanes_.pop_back();
    return row;
  }

  int widest() const { return widest_; }

 private:
  static bool IsBefore(int input, size_t node) { return input >= 0 && static_cast<size_t>(input) < node; }
  // Whether nobody after `node` reads what the lane carries.
  bool Ends(int lane, size_t node) const {
    return last_use_[static_cast<size_t>(lanes_[static_cast<size_t>(lane)])] == static_cast<int>(node);
  }

  const std::vector<GraphNode>& nodes_;
  const Glyphs& glyphs_;
  std::vector<int> last_use_;
  std::vector<int> lanes_;  // whose result each carries
  int widest_ = 0;
};

}  // namespace

std::vector<std::string> DrawLanes(const std::vector<GraphNode>& nodes, bool ascii, int most_lanes) {
  LaneDrawer drawer(nodes, ascii);
  std::vector<std::string> rows;
  rows.reserve(nodes.size());
  for (size_t node = 0; node < nodes.size(); ++node) {
    rows.push_back(drawer.Draw(node));
    if (drawer.widest() > most_lanes) return {};
  }
  return rows;
}

}  // namespace latimer::cli
