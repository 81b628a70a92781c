#include "backends/host.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace latimer {
namespace {

TEST(HostFacts, NameTheMachine) {
  const std::map<std::string, std::string> facts = HostFacts();
  for (const char* name : {"architecture", "cpu", "cpus", "kernel"}) {
    ASSERT_TRUE(facts.contains(name)) << name;
    EXPECT_FALSE(facts.at(name).empty()) << name;
  }
  EXPECT_EQ(HostFacts(), facts);
}

TEST(HostConditions, ArePlausibleWhereTheMachineTellsThem) {
  const BoardState conditions = ReadHostConditions();
  ASSERT_TRUE(conditions.load_average.has_value());  // every Linux tells it
  EXPECT_GE(*conditions.load_average, 0);
  if (conditions.clock_mhz.has_value()) {
    EXPECT_GT(*conditions.clock_mhz, 10);
    EXPECT_LT(*conditions.clock_mhz, 10'000);
  }
  if (conditions.temperature_celsius.has_value()) {
    EXPECT_GT(*conditions.temperature_celsius, -40);
    EXPECT_LT(*conditions.temperature_celsius, 150);
  }
}

TEST(PinToCpus, RestrictsTheProcess) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  EXPECT_TRUE(PinToCpus({cpu}).ok());
  cpu_set_t after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_EQ(CPU_COUNT(&after), 1);
  EXPECT_TRUE(CPU_ISSET(cpu, &after));
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(PinToCpus, RefusesProcessorsThereAreNot) {
  EXPECT_FALSE(PinToCpus({1'000'000}).ok());
  EXPECT_FALSE(PinToCpus({-1}).ok());
  EXPECT_FALSE(PinToCpus({}).ok());
}

}  // namespace
}  // namespace latimer
