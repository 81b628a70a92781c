// Files under tests/data.
#ifndef LATIMER_TESTS_UNIT_BACKENDS_TEST_FILES_H_
#define LATIMER_TESTS_UNIT_BACKENDS_TEST_FILES_H_

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace latimer {

inline std::string ReadTestFile(const std::string& name) {
  std::ifstream file(std::string(LATIMER_SOURCE_DIR) + "/tests/data/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_BACKENDS_TEST_FILES_H_
