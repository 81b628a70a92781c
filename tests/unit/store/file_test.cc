// The file as a whole: old formats, newer ones, damage, copies, restoring.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/base/error.h"
#include "server/store/data_folder.h"
#include "server/store/restore.h"
#include "server/store/schema.h"
#include "server/store/store.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class StoreFileTest : public ::testing::Test {
 protected:
  StoreFileTest() : folder_(fs::temp_directory_path() / ("latimer-store-" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = StoreFile(folder_.string());
  }
  ~StoreFileTest() override { fs::remove_all(folder_); }

  // A file as a release with that format wrote it.
  void MakeOldFile(int version) {
    const std::string sql =
        ReadFile(fs::path(LATIMER_SOURCE_DIR) / "tests/data/store" / ("v" + std::to_string(version) + ".sql"));
    ASSERT_FALSE(sql.empty());
    const auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status made = (*database)->Execute(sql);
    ASSERT_TRUE(made.ok()) << made;
  }

  static std::string ReasonOf(const absl::Status& status) {
    const auto details = GetErrorDetails(status);
    return details.has_value() ? details->reason : "none";
  }

  fs::path folder_;
  std::string path_;
};

class OldFormat : public StoreFileTest, public ::testing::WithParamInterface<int> {};

TEST_P(OldFormat, IsBroughtUpToDateWithEverythingInItAndACopyIsKept) {
  MakeOldFile(GetParam());
  {
    auto store = Store::Open(path_);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto agent = (*store)->FindAgentByCredential("hash of a credential");
    ASSERT_TRUE(agent.ok() && agent->has_value());
    EXPECT_EQ((*agent)->display_name(), "old board");
    EXPECT_TRUE((*(*store)->FindToken("hash of a token")).has_value());
    EXPECT_TRUE((*(*store)->FindMeasurement("m1")).has_value());
    const auto leased = (*store)->Lease("board", "a1", "job", 10, 100);
    ASSERT_TRUE(leased.ok()) << leased.status();
    ASSERT_EQ(leased->size(), 1u);
    EXPECT_EQ((*leased)[0].measurement_id, "m2");
    EXPECT_EQ((*leased)[0].flush_bytes, GetParam() == 1 ? 0 : 64);
    EXPECT_EQ((*store)->ListModelVersions("board")->size(), 1u);
    EXPECT_TRUE((*store)->ListClients()->empty());
  }
  auto copy = Database::Open(path_ + ".v" + std::to_string(GetParam()));
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(*SchemaVersionOf(**copy), GetParam());
  auto now = Database::Open(path_);
  EXPECT_EQ(*SchemaVersionOf(**now), kSchemaVersion);
}

INSTANTIATE_TEST_SUITE_P(AllReleased, OldFormat, ::testing::Values(1, 2));

TEST_F(StoreFileTest, NewerFormatIsRefusedAndNotTouched) {
  {
    auto database = Database::Open(path_);
    ASSERT_TRUE((*database)->Execute("CREATE TABLE future(x); PRAGMA user_version=99").ok());
  }
  const auto store = Store::Open(path_);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(store.status()), "STORE_TOO_NEW");
  auto database = Database::Open(path_);
  EXPECT_EQ(*SchemaVersionOf(**database), 99);
}

TEST_F(StoreFileTest, DamageIsFoundAtTheStartAndTheMessageSaysWhatToDo) {
  {
    auto store = Store::Open(path_);
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE((*store)->AddToken("hash " + std::to_string(i), "board", i).ok());
    }
  }
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    // Not the first page, or it is no database at all.
    for (int64_t page = 8192; page < static_cast<int64_t>(fs::file_size(path_)); page += 4096) {
      file.seekp(page);
      file << std::string(200, '\x5a');
    }
  }
  const auto store = Store::Open(path_);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_EQ(ReasonOf(store.status()), "STORE_DAMAGED");
  EXPECT_NE(store.status().message().find("--restore"), std::string::npos) << store.status();
}

TEST_F(StoreFileTest, WhatIsNoDatabaseIsDamaged) {
  std::ofstream(path_) << std::string(5000, 'x');
  EXPECT_EQ(ReasonOf(Store::Open(path_).status()), "STORE_DAMAGED");
}

TEST_F(StoreFileTest, BackupWhileOthersWriteIsOfOneMoment) {
  auto store = *Store::Open(path_);
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  // Two rows per transaction would show a torn copy; here the order of single rows does.
  std::thread writer([&] {
    while (!stop) {
      ASSERT_TRUE(store->AddToken("hash " + std::to_string(written), "board", written).ok());
      ++written;
    }
  });
  while (written < 200) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) {
    const std::string copy = (folder_ / ("copy" + std::to_string(i))).string();
    const int before = written;
    const absl::Status status = store->BackUp(copy, [] { return false; });
    const int after = written;
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_FALSE(fs::exists(copy + "-wal"));
    auto database = *Database::Open(copy);
    Statement rows = database->Prepare("SELECT count(*), max(expire_ms) FROM tokens");
    ASSERT_TRUE(*rows.Step());
    EXPECT_GE(rows.Integer(0), before);
    EXPECT_LE(rows.Integer(0), after + 1);
    EXPECT_EQ(rows.Integer(0), rows.Integer(1) + 1) << "none is missing in between";
  }
  stop = true;
  writer.join();
}

TEST_F(StoreFileTest, StoppedBackupSaysSo) {
  auto store = *Store::Open(path_);
  EXPECT_EQ(store->BackUp((folder_ / "copy").string(), [] { return true; }).code(), absl::StatusCode::kCancelled);
}

TEST_F(StoreFileTest, RestoredBackupTakesThePlaceOfWhatWasThere) {
  const std::string backup = (folder_ / "backup").string();
  {
    auto store = *Store::Open(path_);
    ASSERT_TRUE(store->AddToken("in the backup", "board", 1).ok());
    ASSERT_TRUE(store->BackUp(backup, [] { return false; }).ok());
    ASSERT_TRUE(store->AddToken("later", "board", 1).ok());
  }
  const auto restored = RestoreStore(backup, folder_.string(), 77);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->kept, path_ + ".before-77");
  auto store = *Store::Open(path_);
  EXPECT_TRUE((*store->FindToken("in the backup")).has_value());
  EXPECT_FALSE((*store->FindToken("later")).has_value());
  auto kept = *Store::Open(restored->kept);
  EXPECT_TRUE((*kept->FindToken("later")).has_value());
}

TEST_F(StoreFileTest, OldBackupIsBroughtUpToDate) {
  MakeOldFile(1);
  const std::string backup = (folder_ / "old-backup").string();
  fs::rename(path_, backup);
  const auto restored = RestoreStore(backup, folder_.string(), 77);
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->agents, 1);
  EXPECT_EQ(restored->measurements, 1);
  EXPECT_EQ(restored->kept, "");
  EXPECT_TRUE(Store::Open(path_).ok());
  auto untouched = *Database::Open(backup);
  EXPECT_EQ(*SchemaVersionOf(*untouched), 1);
}

TEST_F(StoreFileTest, WhatIsNoGoodBackupChangesNothing) {
  { ASSERT_TRUE((*Store::Open(path_))->AddToken("mine", "board", 1).ok()); }
  const std::string bad = (folder_ / "bad").string();
  EXPECT_EQ(ReasonOf(RestoreStore(bad, folder_.string(), 1).status()), "NO_BACKUP");
  std::ofstream(bad) << "no database at all";
  EXPECT_EQ(ReasonOf(RestoreStore(bad, folder_.string(), 1).status()), "STORE_DAMAGED");
  fs::remove(bad);
  { ASSERT_TRUE((*Database::Open(bad))->Execute("CREATE TABLE other(x)").ok()); }
  EXPECT_EQ(ReasonOf(RestoreStore(bad, folder_.string(), 1).status()), "NOT_A_STORE");
  { ASSERT_TRUE((*Database::Open(bad))->Execute("PRAGMA user_version=99").ok()); }
  EXPECT_EQ(ReasonOf(RestoreStore(bad, folder_.string(), 1).status()), "STORE_TOO_NEW");
  EXPECT_TRUE((*(*Store::Open(path_))->FindToken("mine")).has_value());
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().string().find("incoming"), std::string::npos) << entry.path();
  }
}

TEST_F(StoreFileTest, RestoringUnderARunningServerIsRefused) {
  const auto lock = FolderLock::Take(folder_.string());
  ASSERT_TRUE(lock.ok());
  const std::string backup = (folder_ / "backup").string();
  { ASSERT_TRUE(Store::Open(backup).ok()); }
  EXPECT_EQ(ReasonOf(RestoreStore(backup, folder_.string(), 1).status()), "DATA_DIR_UNAVAILABLE");
}

TEST_F(StoreFileTest, FullDiskIsAnErrorOfItsOwnAndPasses) {
  signal(SIGXFSZ, SIG_IGN);
  auto store = *Store::Open(path_);
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit full = limit;
  full.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const absl::Status refused = store->AddToken("refused", "board", 1);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(ReasonOf(refused), "DISK_FULL");
  EXPECT_FALSE((*store->FindToken("refused")).has_value());
  EXPECT_TRUE(store->AddToken("stored", "board", 1).ok());
  EXPECT_TRUE((*store->FindToken("stored")).has_value());
}

TEST_F(StoreFileTest, ClientsKeepTheirNamesUntilTheyAreRevoked) {
  auto store = *Store::Open(path_);
  ASSERT_TRUE(store->AddClient({"ci", "hash 1", v1::ROLE_ESTIMATE, 5, 9}).ok());
  EXPECT_EQ(store->AddClient({"ci", "hash 2", v1::ROLE_ADMIN, 6, 0}).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(store->RevokeClient("ci").ok());
  EXPECT_TRUE((*store->ListClients())[0].revoked);
  ASSERT_TRUE(store->AddClient({"ci", "hash 2", v1::ROLE_ADMIN, 6, 0}).ok());
  const std::vector<Store::ClientRecord> clients = *store->ListClients();
  ASSERT_EQ(clients.size(), 1u);
  EXPECT_EQ(clients[0].token_hash, "hash 2");
  EXPECT_EQ(clients[0].role, v1::ROLE_ADMIN);
  EXPECT_FALSE(clients[0].revoked);
}

}  // namespace
}  // namespace latimer::server
