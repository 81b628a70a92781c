// A folder that stands for a board's root.
#ifndef LATIMER_TESTS_UNIT_CONDITIONS_BOARD_FILES_TREE_H_
#define LATIMER_TESTS_UNIT_CONDITIONS_BOARD_FILES_TREE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace latimer {

class BoardTree {
 public:
  BoardTree() {
    static std::atomic<int> made = 0;
    root_ = absl::StrCat(testing::TempDir(), "board-", getpid(), "-", ++made);
    std::filesystem::create_directories(root_);
  }
  ~BoardTree() { std::filesystem::remove_all(root_); }
  BoardTree(const BoardTree&) = delete;
  BoardTree& operator=(const BoardTree&) = delete;

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_CONDITIONS_BOARD_FILES_TREE_H_
