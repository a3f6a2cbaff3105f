#include "config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/help.h"
#include "config/option_table.h"

namespace scrubjay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Startup parse(std::vector<std::string_view> arguments) {
  auto startup = parse_command_line(arguments);
  EXPECT_TRUE(startup) << (startup ? "" : startup.error());
  return startup ? *startup : Startup{};
}

std::string error_of(std::vector<std::string_view> arguments) {
  const auto startup = parse_command_line(arguments);
  return startup ? "" : startup.error();
}

TEST(CommandLine, TakesAllWordsUpToTheNextFlag) {
  const Startup startup = parse({"--port", "7000", "--bind", "127.0.0.1", "-::1", "--save", "900",
                                 "1", "300", "10", "--client-output-buffer-limit", "normal", "1mb",
                                 "0", "0", "--requirepass", "--dashed words"});
  const Config& config = startup.config;
  EXPECT_EQ(config.port, 7000);
  EXPECT_THAT(config.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_EQ(show(config, *find_option("save")), "900 1 300 10");
  EXPECT_EQ(config.client_output_buffer_limit.normal.hard, 1u << 20);
  EXPECT_EQ(config.requirepass, "--dashed words");
  EXPECT_THAT(startup.unused, ElementsAre("save"));
  EXPECT_EQ(startup.wanted, Wanted::kServer);
}

TEST(CommandLine, NothingMeansDefaults) {
  EXPECT_EQ(parse({}).config, Config{});
  EXPECT_EQ(parse({}).file, "");
}

TEST(CommandLine, TheEnvironmentSetsOnlyTheDefaultOfProtectedMode) {
  setenv("SCRUBJAY_PROTECTED_MODE", "no", 1);
  const Startup plain = parse({});
  const Startup flagged = parse({"--protected-mode", "yes"});
  setenv("SCRUBJAY_PROTECTED_MODE", "perhaps", 1);
  const std::string error = error_of({});
  unsetenv("SCRUBJAY_PROTECTED_MODE");
  EXPECT_FALSE(plain.config.protected_mode);
  EXPECT_TRUE(flagged.config.protected_mode);
  EXPECT_THAT(error, HasSubstr("protected-mode"));
  EXPECT_TRUE(parse({}).config.protected_mode);
}

TEST(CommandLine, SaveMayStandAloneAndOffSwitchesNeedNoWarning) {
  const Startup startup =
      parse({"--save", "--appendonly", "no", "--port", "1", "--io-threads", "1"});
  EXPECT_EQ(show(startup.config, *find_option("save")), "");
  EXPECT_EQ(startup.config.port, 1);
  EXPECT_THAT(startup.unused, IsEmpty());
  EXPECT_EQ(show(parse({"--port", "1", "--save"}).config, *find_option("save")), "");
  EXPECT_EQ(show(parse({"--save", "", "--port", "1"}).config, *find_option("save")), "");
  EXPECT_EQ(parse({"--port 7001", "--hz", "20"}).config.port, 7001);
}

TEST(CommandLine, WarnsOnceOfOptionsWithoutUse) {
  const Startup startup = parse({"--appendonly", "yes", "--replicaof", "host", "6379"});
  EXPECT_THAT(startup.unused, ElementsAre("appendonly", "replicaof"));
  EXPECT_EQ(unused_warning(startup.unused),
            "These options are accepted, but have no effect: appendonly, replicaof");
  EXPECT_EQ(unused_warning({}), "");
}

TEST(CommandLine, Errors) {
  EXPECT_EQ(error_of({"--port", "x"}),
            "*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\n"
            "Reading the configuration file, at line 2\n"
            ">>> 'port \"x\"'\n"
            "argument couldn't be parsed into an integer\n"
            "(command line; port: an integer from 0 to 65535)");
  EXPECT_THAT(error_of({"--hz", "10", "--nosuch", "1"}),
              HasSubstr("at line 3\n>>> 'nosuch \"1\"'\nBad directive or wrong number"));
  EXPECT_THAT(error_of({"--maxmemory", "--port", "x"}),
              HasSubstr("'maxmemory \"--port\" \"x\"'\nwrong number of arguments"));
  EXPECT_THAT(error_of({"-x"}), HasSubstr("'\"-x\"'\nBad directive"));
  EXPECT_THAT(error_of({"--port"}), HasSubstr("'port'\nwrong number of arguments"));
  EXPECT_THAT(error_of({"nosuch.conf"}), HasSubstr("can't open config file"));
}

TEST(CommandLine, FlagsWinOverTheFile) {
  std::string folder = std::filesystem::temp_directory_path() / "scrubjay.XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/a.conf") << "port 1\nhz 20\n";
  std::ofstream(folder + "/a.toml") << "port = 1\n[keyspace]\nhz = 20\n";
  for (const char* name : {"/a.conf", "/a.toml"}) {
    const std::string path = folder + name;
    const Startup startup = parse({path, "--port", "2"});
    EXPECT_EQ(startup.file, path);
    EXPECT_EQ(startup.config.port, 2);
    EXPECT_EQ(startup.config.hz, 20);
  }
  std::filesystem::remove_all(folder);
}

TEST(CommandLine, TextsOnDemand) {
  EXPECT_EQ(parse({"--help"}).wanted, Wanted::kHelp);
  EXPECT_EQ(parse({"-h"}).wanted, Wanted::kHelp);
  EXPECT_EQ(parse({"-v"}).wanted, Wanted::kVersion);
  EXPECT_EQ(parse({"--version"}).wanted, Wanted::kVersion);
  EXPECT_EQ(parse({"--example-config"}).wanted, Wanted::kExampleConfig);
  const std::string help = help_text();
  for (const Option* option : options()) {
    if (!(option->flags & kHidden)) {
      EXPECT_THAT(help, HasSubstr(std::string(option->name)));
    }
  }
}

}  // namespace
}  // namespace scrubjay::config
