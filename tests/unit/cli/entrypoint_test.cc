#include "cli/entrypoint.h"

#include <gmock/gmock.h>

#include "cli/health_check.h"

namespace scrubjay::cli {
namespace {

using testing::ElementsAre;

TEST(Entrypoint, ServesWithoutAProgram) {
  EXPECT_THAT(entrypoint_command({}), ElementsAre("redis-server"));
  EXPECT_THAT(entrypoint_command({"--port", "7"}), ElementsAre("redis-server", "--port", "7"));
  EXPECT_THAT(entrypoint_command({"/data/x.conf"}), ElementsAre("redis-server", "/data/x.conf"));
  EXPECT_THAT(entrypoint_command({"x.toml", "--port", "7"}),
              ElementsAre("redis-server", "x.toml", "--port", "7"));
}

TEST(Entrypoint, LeavesPrograms) {
  EXPECT_THAT(entrypoint_command({"redis-server", "--port", "7"}),
              ElementsAre("redis-server", "--port", "7"));
  EXPECT_THAT(entrypoint_command({"sh", "-c", "redis-cli ping"}),
              ElementsAre("sh", "-c", "redis-cli ping"));
  EXPECT_THAT(entrypoint_command({"redis-cli", "ping"}), ElementsAre("redis-cli", "ping"));
}

TEST(HealthCheck, FindsThePortOfAServer) {
  EXPECT_EQ(port_of_server({"redis-server", "--port", "7000"}), 7000);
  EXPECT_EQ(port_of_server({"/usr/local/bin/scrubjay", "--port=7000"}), 7000);
  EXPECT_EQ(port_of_server({"redis-server", "--port", "1", "--port", "2"}), 2);
  EXPECT_EQ(port_of_server({"redis-server", "--port"}), std::nullopt);
  EXPECT_EQ(port_of_server({"redis-server", "--port", "many"}), std::nullopt);
  EXPECT_EQ(port_of_server({"redis-server", "--save", ""}), std::nullopt);
  EXPECT_EQ(port_of_server({"ssh", "--port", "7000"}), std::nullopt);
  EXPECT_EQ(port_of_server({}), std::nullopt);
}

TEST(HealthCheck, FindsThePortInAFile) {
  EXPECT_EQ(port_of_file("save \"\"\nport 7000\r\n"), 7000);
  EXPECT_EQ(port_of_file("  port = 7000 # ours\n"), 7000);
  EXPECT_EQ(port_of_file("port 1\nport=2"), 2);
  EXPECT_EQ(port_of_file("tls-port 7000\nports 7\n# port 8\nport\nport x\n"), std::nullopt);
  EXPECT_EQ(port_of_file(""), std::nullopt);
}

TEST(HealthCheck, SaysNoWhereNobodyListens) {
  EXPECT_EQ(run_health_check({"--port", "1"}), 1);
  EXPECT_EQ(run_health_check({"--port", "x"}), 1);
  EXPECT_EQ(run_health_check({"--what"}), 1);
}

}  // namespace
}  // namespace scrubjay::cli
