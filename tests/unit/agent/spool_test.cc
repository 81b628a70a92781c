#include "agent/storage/spool.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/storage/spool_frame.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/recording_log.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using testing::ElementsAre;

v1::Measurement Make(const std::string& id, double median_ms = 1) {
  v1::Measurement measurement;
  measurement.set_measurement_id(id);
  measurement.mutable_timing()->set_median_ms(median_ms);
  return measurement;
}

std::vector<std::string> Ids(const Spool& spool) {
  std::vector<std::string> ids;
  uint64_t number = 0;
  while (std::optional<Spool::Entry> entry = spool.Next(number)) {
    number = entry->number;
    ids.push_back(entry->measurement.measurement_id());
  }
  return ids;
}

void WriteFile(const std::string& path, absl::string_view bytes) {
  ASSERT_TRUE(WriteFileAtomically(path, bytes, 0600).ok());
}

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(path(), &log_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }
  std::string path() const { return temp_ / "spool"; }

  const TempDir temp_;
  RecordingLog log_;
};

TEST_F(SpoolTest, KeepsMeasurementsInOrderOverARestart) {
  {
    const std::unique_ptr<Spool> spool = Open();
    for (const char* id : {"c", "a", "b"}) ASSERT_TRUE(spool->Add(Make(id)).ok());
    EXPECT_THAT(Ids(*spool), ElementsAre("c", "a", "b"));
  }
  const std::unique_ptr<Spool> spool = Open();
  EXPECT_THAT(Ids(*spool), ElementsAre("c", "a", "b"));
  EXPECT_TRUE(spool->Contains("a"));
  EXPECT_EQ(log_.text(), "");
}

TEST_F(SpoolTest, SameIdIsStoredOnceAndTheFirstStays) {
  {
    const std::unique_ptr<Spool> spool = Open();
    ASSERT_TRUE(spool->Add(Make("a", 1)).ok());
    const auto size = ReadFile(path())->size();
    ASSERT_TRUE(spool->Add(Make("a", 2)).ok());
    EXPECT_EQ(ReadFile(path())->size(), size);
  }
  const std::unique_ptr<Spool> spool = Open();
  ASSERT_THAT(Ids(*spool), ElementsAre("a"));
  EXPECT_EQ(spool->Next(0)->measurement.timing().median_ms(), 1);
}

TEST_F(SpoolTest, AcknowledgedOnesAreGoneAlsoAfterARestart) {
  {
    const std::unique_ptr<Spool> spool = Open();
    for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(spool->Add(Make(id)).ok());
    spool->Acknowledge({"b", "unknown"});
    EXPECT_THAT(Ids(*spool), ElementsAre("a", "c"));
  }
  EXPECT_THAT(Ids(*Open()), ElementsAre("a", "c"));
}

TEST_F(SpoolTest, FileIsEmptyWhenNothingWaits) {
  const std::unique_ptr<Spool> spool = Open();
  for (const char* id : {"a", "b"}) ASSERT_TRUE(spool->Add(Make(id)).ok());
  spool->Acknowledge({"a", "b"});
  EXPECT_EQ(*ReadFile(path()), "");
  ASSERT_TRUE(spool->Add(Make("c")).ok());
  EXPECT_THAT(Ids(*Open()), ElementsAre("c"));
}

TEST_F(SpoolTest, IsRewrittenWhenMostOfItIsAcknowledged) {
  const std::unique_ptr<Spool> spool = Open();
  v1::Measurement large = Make("");
  large.add_layers()->set_name(std::string(100'000, 'x'));
  for (int i = 0; i < 40; ++i) {
    large.set_measurement_id(absl::StrCat(i));
    ASSERT_TRUE(spool->Add(large).ok());
    if (i > 0) spool->Acknowledge({absl::StrCat(i)});
  }
  EXPECT_LT(ReadFile(path())->size(), 1'500'000U);
  EXPECT_THAT(Ids(*spool), ElementsAre("0"));
  ASSERT_TRUE(spool->Add(Make("after")).ok());
  EXPECT_THAT(Ids(*Open()), ElementsAre("0", "after"));
}

TEST_F(SpoolTest, CutAtAnyByteLosesOnlyWhatWasNotWhole) {
  std::vector<size_t> ends;  // of the records
  {
    const std::unique_ptr<Spool> spool = Open();
    for (const char* id : {"a", "b", "c"}) {
      ASSERT_TRUE(spool->Add(Make(id)).ok());
      ends.push_back(ReadFile(path())->size());
    }
  }
  const std::string whole = *ReadFile(path());
  for (size_t size = 0; size <= whole.size(); ++size) {
    WriteFile(path(), whole.substr(0, size));
    size_t expected = 0;
    bool torn = size > 0;
    for (const size_t end : ends) {
      if (end <= size) ++expected;
      if (end == size) torn = false;
    }
    RecordingLog log;
    {
      const absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(path(), &log);
      ASSERT_TRUE(spool.ok());
      ASSERT_EQ(static_cast<size_t>((*spool)->size()), expected) << size;
      EXPECT_EQ(absl::StrContains(log.text(), "cut short"), torn) << size;
      ASSERT_TRUE((*spool)->Add(Make("new")).ok());
    }
    RecordingLog silent;
    const absl::StatusOr<std::unique_ptr<Spool>> again = Spool::Open(path(), &silent);
    ASSERT_EQ(static_cast<size_t>((*again)->size()), expected + 1) << size;
    EXPECT_EQ(silent.text(), "") << size;
  }
}

TEST_F(SpoolTest, DamageCostsOnlyTheDamagedRecord) {
  std::string bytes;
  std::vector<size_t> starts;
  for (int i = 0; i < 20; ++i) {
    starts.push_back(bytes.size());
    bytes += EncodeFrame(FrameKind::kMeasurement, Make(absl::StrCat(i)).SerializeAsString());
  }
  std::minstd_rand random(1);
  for (int round = 0; round < 80; ++round) {
    std::string damaged = bytes;
    const size_t at = std::uniform_int_distribution<size_t>(0, bytes.size() - 1)(random);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (round % 8)));
    WriteFile(path(), damaged);
    const auto hit = std::upper_bound(starts.begin(), starts.end(), at) - starts.begin() - 1;
    const std::unique_ptr<Spool> spool = Open();
    EXPECT_EQ(spool->size(), 19);
    EXPECT_FALSE(spool->Contains(absl::StrCat(hit))) << at;
  }
}

TEST_F(SpoolTest, GarbageIsDroppedWithAWarning) {
  std::minstd_rand random(2);
  for (int round = 0; round < 100; ++round) {
    std::string bytes(std::uniform_int_distribution<size_t>(1, 500)(random), '\0');
    for (char& c : bytes) c = "LSP1\0\xFF"[random() % 6];
    WriteFile(path(), bytes);
    EXPECT_EQ(Open()->size(), 0);
    EXPECT_EQ(*ReadFile(path()), "");
  }
  EXPECT_TRUE(absl::StrContains(log_.text(), "dropped"));
}

// In a process of its own: the limit is for good.
TEST_F(SpoolTest, FullDiskIsReportedAndNothingIsLost) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    RecordingLog log;
    absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(path(), &log);
    if (!spool.ok()) _exit(10);
    const rlimit limit{5'000, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    v1::Measurement measurement = Make("");
    measurement.add_layers()->set_name(std::string(700, 'x'));
    int stored = 0;
    absl::Status status;
    while (true) {
      measurement.set_measurement_id(absl::StrCat("m", stored));
      status = (*spool)->Add(measurement);
      if (!status.ok()) break;
      if (++stored > 100) _exit(11);
    }
    if (!absl::IsResourceExhausted(status) || !absl::StrContains(status.message(), "cannot store a result")) _exit(12);
    if ((*spool)->size() != stored || (*spool)->Contains(absl::StrCat("m", stored))) _exit(13);
    // Nothing torn is left, and the same call works when there is space again.
    if (ReadFile(path())->size() > 5'000) _exit(14);
    const rlimit more{1 << 20, 1 << 20};
    setrlimit(RLIMIT_FSIZE, &more);
    if (!(*spool)->Add(measurement).ok()) _exit(15);
    _exit(stored);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 6);
  EXPECT_THAT(Ids(*Open()), ElementsAre("m0", "m1", "m2", "m3", "m4", "m5", "m6"));
  EXPECT_EQ(log_.text(), "");
}

TEST_F(SpoolTest, WhatIsInMemoryOnlyWaitsLikeTheRest) {
  {
    const std::unique_ptr<Spool> spool = Open();
    ASSERT_TRUE(spool->Add(Make("disk")).ok());
    spool->AddUnsaved(Make("memory"));
    spool->AddUnsaved(Make("memory", 2));
    spool->AddUnsaved(Make("sent"));
    EXPECT_THAT(Ids(*spool), ElementsAre("disk", "memory", "sent"));
    EXPECT_EQ(spool->unsaved(), 2);
    spool->Acknowledge({"sent"});
    EXPECT_EQ(spool->unsaved(), 1);
    EXPECT_THAT(Ids(*Open()), ElementsAre("disk"));
    EXPECT_TRUE(spool->Save().ok());
    EXPECT_EQ(spool->unsaved(), 0);
    EXPECT_THAT(Ids(*Open()), ElementsAre("disk", "memory"));
    spool->AddUnsaved(Make("last"));
    spool->Acknowledge({"disk", "memory"});
    spool->Acknowledge({"last"});
  }
  EXPECT_EQ(*ReadFile(path()), "") << "nothing waits, also not on disk";
}

// A process that adds as fast as it can is killed at a random moment: what Add() promised is there.
TEST_F(SpoolTest, KilledProcessLosesNothingItWasPromised) {
  for (int round = 0; round < 10; ++round) {
    int promised_pipe[2];
    ASSERT_EQ(pipe(promised_pipe), 0);
    const pid_t child = fork();
    if (child == 0) {
      RecordingLog log;
      absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(path(), &log);
      for (int i = 0; spool.ok(); ++i) {
        if (!(*spool)->Add(Make(absl::StrCat(round, "-", i))).ok()) break;
        if (write(promised_pipe[1], "x", 1) != 1) break;
      }
      _exit(1);
    }
    close(promised_pipe[1]);
    char byte = 0;
    for (int i = 0; i < 3 + round; ++i) ASSERT_EQ(read(promised_pipe[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    int promised = 3 + round;
    while (read(promised_pipe[0], &byte, 1) == 1) ++promised;
    close(promised_pipe[0]);
    const std::unique_ptr<Spool> spool = Open();
    for (int i = 0; i < promised; ++i) ASSERT_TRUE(spool->Contains(absl::StrCat(round, "-", i))) << i;
    std::vector<std::string> all = Ids(*spool);
    spool->Acknowledge(all);
  }
}

}  // namespace
}  // namespace latimer::agent
