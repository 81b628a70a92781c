#include "agent/storage/state_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

mode_t Mode(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

TEST(StateDirTest, KeepsTheIdentityForTheNextStart) {
  const TempDir temp;
  const std::string path = temp / "a/b";
  {
    absl::StatusOr<StateDir> state = StateDir::Open(path);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_FALSE(state->ReadIdentity()->has_value());
    ASSERT_TRUE(state->WriteIdentity({"agents/7", "platforms/p", "s3cret="}).ok());
  }
  absl::StatusOr<StateDir> again = StateDir::Open(path);
  ASSERT_TRUE(again.ok()) << again.status();
  const auto identity = again->ReadIdentity();
  ASSERT_TRUE(identity.ok() && identity->has_value());
  EXPECT_EQ((*identity)->agent, "agents/7");
  EXPECT_EQ((*identity)->platform, "platforms/p");
  EXPECT_EQ((*identity)->credential, "s3cret=");
  EXPECT_EQ(Mode(path), 0700U);
  EXPECT_EQ(Mode(path + "/credential"), 0600U);
}

TEST(StateDirTest, TwoAgentsCannotShareOne) {
  const TempDir temp;
  const absl::StatusOr<StateDir> first = StateDir::Open(temp.path());
  ASSERT_TRUE(first.ok());
  const absl::StatusOr<StateDir> second = StateDir::Open(temp.path());
  ASSERT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat("process ", getpid()))) << second.status();
}

TEST(StateDirTest, TheLockOfAKilledAgentIsGone) {
  const TempDir temp;
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<StateDir> state = StateDir::Open(temp.path());
    if (state.ok()) kill(getpid(), SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(StateDir::Open(temp.path()).ok());
}

TEST(StateDirTest, DamagedCredentialSaysWhatToDo) {
  const TempDir temp;
  std::ofstream(temp / "credential") << "latimer-agent identity 1\nagent agents/7\n";
  const absl::StatusOr<StateDir> state = StateDir::Open(temp.path());
  ASSERT_TRUE(state.ok());
  const auto identity = state->ReadIdentity();
  EXPECT_EQ(identity.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(identity.status().message(), "--token")) << identity.status();
}

TEST(StateDirTest, ReplacingAFileTightensItsMode) {
  const TempDir temp;
  std::ofstream(temp / "f") << "old";
  ASSERT_EQ(chmod((temp / "f").c_str(), 0644), 0);
  ASSERT_TRUE(WriteFileAtomically(temp / "f", "new", 0600).ok());
  EXPECT_EQ(*ReadFile(temp / "f"), "new");
  EXPECT_EQ(Mode(temp / "f"), 0600U);
  EXPECT_EQ(ReadFile(temp / "f.new").status().code(), absl::StatusCode::kNotFound);
}

TEST(StateDirTest, FolderThatCannotBeMadeIsAnError) {
  const TempDir temp;
  std::ofstream(temp / "file") << "x";
  EXPECT_FALSE(StateDir::Open(temp / "file/inside").ok());
}

}  // namespace
}  // namespace latimer::agent
