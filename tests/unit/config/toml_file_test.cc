#include "config/toml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/help.h"
#include "config/option_table.h"

namespace scrubjay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string error_of(std::string_view text) {
  Draft draft;
  const Status status = read_toml_text(draft, text, "test.toml");
  return status ? "" : status.error();
}

Config read(std::string_view text) {
  Draft draft;
  const Status status = read_toml_text(draft, text, "test.toml");
  EXPECT_TRUE(status) << (status ? "" : status.error());
  return draft.config();
}

TEST(TomlFile, ReadsTablesAndTypes) {
  const Config config = read(R"(
timeout = 3
[network]
port = 7000
bind = ["127.0.0.1", "-::1"]
protected_mode = false
unixsocketperm = 0o700
[memory]
maxmemory = "100mb"
maxmemory-policy = "allkeys-lru"
[clients]
maxmemory_clients = "5%"
proto-max-bulk-len = 1048576
client-output-buffer-limit = ["normal 1mb 0 0", ["pubsub", "2mb", "1mb", 5]]
[security]
rename-command = [["FLUSHALL", ""], "CONFIG hidden"]
enable-debug-command = true
[monitoring]
latency-tracking-info-percentiles = [50, 99.5]
[persistence]
save = ["900 1", "300 10"]
[tuning]
server_cpulist = "0-1"
)");
  EXPECT_EQ(config.timeout_s, 3);
  EXPECT_EQ(config.port, 7000);
  EXPECT_THAT(config.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_FALSE(config.protected_mode);
  EXPECT_EQ(config.unixsocketperm, 0700);
  EXPECT_EQ(config.maxmemory, 100u << 20);
  EXPECT_EQ(config.maxmemory_policy, EvictionPolicy::kAllkeysLru);
  EXPECT_EQ(config.maxmemory_clients, -5);
  EXPECT_EQ(config.client_output_buffer_limit.normal.hard, 1u << 20);
  EXPECT_EQ(config.client_output_buffer_limit.pubsub, (OutputBufferLimit{2 << 20, 1 << 20, 5}));
  EXPECT_THAT(config.rename_commands, ElementsAre(Pair("FLUSHALL", ""), Pair("CONFIG", "hidden")));
  EXPECT_EQ(config.enable_debug_command, Permission::kYes);
  EXPECT_THAT(config.latency_tracking_info_percentiles, ElementsAre(50, 99.5));
  EXPECT_EQ(show(config, *find_option("save")), "900 1 300 10");
  EXPECT_EQ(show(config, *find_option("server_cpulist")), "0-1");
  EXPECT_EQ(show(read("[persistence]\nsave = []"), *find_option("save")), "");
}

TEST(TomlFile, ErrorsNameFileLineKeyAndRange) {
  EXPECT_EQ(error_of("[network]\nport = 70000\n"),
            "*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\n"
            "Reading the configuration file, at line 2\n"
            ">>> 'port = 70000'\n"
            "argument must be between 0 and 65535 inclusive\n"
            "(test.toml; port: an integer from 0 to 65535)");
  EXPECT_THAT(error_of("\n\n[network]\nprot = 1"),
              HasSubstr("at line 4\n>>> 'prot = 1'\nUnknown option"));
  EXPECT_THAT(error_of("[nosuch]\nport = 1"), HasSubstr("Unknown table"));
  EXPECT_THAT(error_of("[memory]\nport = 1"), HasSubstr("belongs to the table [network]"));
  EXPECT_THAT(error_of("[network]\nport = \"1\""), HasSubstr("Wrong type: a string"));
  EXPECT_THAT(error_of("[network]\nport = 1.5"), HasSubstr("Wrong type: a floating-point number"));
  EXPECT_THAT(error_of("[memory]\nmaxmemory = true"), HasSubstr("Wrong type: a boolean"));
  EXPECT_THAT(error_of("[memory]\nmaxmemory = []"), HasSubstr("Wrong type: an array"));
  EXPECT_THAT(error_of("[network]\nprotected-mode = 1"), HasSubstr("Wrong type: an integer"));
  EXPECT_THAT(error_of("[network]\ntcp-keepalive = 1\ntcp_keepalive = 2"), HasSubstr("set twice"));
  EXPECT_THAT(error_of("[network]\nport = \n"), HasSubstr("at line 2"));
  EXPECT_THAT(error_of("[network]\nport = 1\nport = 2\n"), HasSubstr("at line 3"));
  EXPECT_THAT(error_of("\n[<]"), HasSubstr("at line 2"));
  EXPECT_THAT(error_of(std::string_view("[\0a]", 4)), HasSubstr("at line 1"));
  EXPECT_THAT(error_of("# \xc3\xa9\nport = \xc3\xa9"), HasSubstr("at line 2"));
  EXPECT_THAT(error_of("port = 1979-05-27"), HasSubstr("Wrong type: a date or time"));
}

TEST(TomlFile, EveryDefaultReadsBackFromItsOwnText) {
  const Config defaults;
  for (const Option* option : options()) {
    if (option->name == "dir") continue;
    const std::string text = std::string("[") + std::string(section_name(option->section)) + "]\n" +
                             std::string(option->name) + " = " + toml_value(defaults, *option);
    if (option->name == "replicaof") continue;
    EXPECT_EQ(show(read(text), *option), default_text(*option)) << text;
  }
}

TEST(TomlFile, ExampleIsUpToDateAndSaysTheDefaults) {
  std::ifstream file(SCRUBJAY_SOURCE_DIR "/config.example.toml");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), example_toml()) << "write it anew with: scrubjay --example-config";
  EXPECT_EQ(read(text.str()), Config{});
  for (const Option* option : options()) {
    if (option->flags & kKept) continue;
    EXPECT_THAT(text.str(), HasSubstr("\n" + std::string(option->name == "dir" ? "# " : "") +
                                      std::string(option->name) + " = "));
  }
}

}  // namespace
}  // namespace scrubjay::config
