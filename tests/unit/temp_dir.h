// A folder of a test's own, removed at its end.
#ifndef LATIMER_TESTS_UNIT_TEMP_DIR_H_
#define LATIMER_TESTS_UNIT_TEMP_DIR_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace latimer {

class TempDir {
 public:
  TempDir() : path_(testing::TempDir() + "latimer_test_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
  }
  ~TempDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_TEMP_DIR_H_
