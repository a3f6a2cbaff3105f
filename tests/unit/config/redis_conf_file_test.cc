#include "config/redis_conf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/option_table.h"

namespace scrubjay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string error_of(std::string_view text) {
  Draft draft;
  const Status status = read_redis_conf_text(draft, text, "test.conf");
  return status ? "" : status.error();
}

Config read(std::string_view text) {
  Draft draft;
  const Status status = read_redis_conf_text(draft, text, "test.conf");
  EXPECT_TRUE(status) << (status ? "" : status.error());
  return draft.config();
}

TEST(RedisConfFile, ReadsLinesCommentsAndQuotes) {
  const Config config = read(
      "# a comment\n\n  PORT 7000\r\nbind 127.0.0.1 -::1\nrequirepass \"a \\x41\"\n"
      "maxmemory 100mb\nlua-time-limit 7\nsave 60 5\nnotify-keyspace-events \"\"");
  EXPECT_EQ(config.port, 7000);
  EXPECT_THAT(config.bind, ElementsAre("127.0.0.1", "-::1"));
  EXPECT_EQ(config.requirepass, "a A");
  EXPECT_EQ(config.maxmemory, 100u << 20);
  EXPECT_EQ(config.busy_reply_threshold_ms, 7);
}

TEST(RedisConfFile, LaterLinesWinOrAddUp) {
  const Config config = read(
      "port 1\nport 2\nsave 900 1\nsave 300 10\n"
      "rename-command FLUSHALL \"\"\nrename-command CONFIG hidden\n"
      "client-output-buffer-limit normal 1mb 0 0\nclient-output-buffer-limit slave 2mb 1mb 5\n"
      "user alice on >secret ~* +@all\nuser bob off\n");
  EXPECT_EQ(config.port, 2);
  EXPECT_EQ(show(config, *find_option("save")), "900 1 300 10");
  EXPECT_THAT(config.rename_commands, ElementsAre(Pair("FLUSHALL", ""), Pair("CONFIG", "hidden")));
  EXPECT_EQ(config.client_output_buffer_limit.normal.hard, 1u << 20);
  EXPECT_EQ(config.client_output_buffer_limit.replica, (OutputBufferLimit{2 << 20, 1 << 20, 5}));
  EXPECT_EQ(config.client_output_buffer_limit.pubsub.soft_seconds, 60);
  EXPECT_THAT(config.acl_users, ElementsAre("alice on >secret ~* +@all", "bob off"));
  EXPECT_EQ(show(read("save 900 1\nsave \"\"\n"), *find_option("save")), "");
}

TEST(RedisConfFile, ErrorsNameLineReasonFileAndRange) {
  EXPECT_EQ(error_of("\nport 70000\n"),
            "*** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***\n"
            "Reading the configuration file, at line 2\n"
            ">>> 'port 70000'\n"
            "argument must be between 0 and 65535 inclusive\n"
            "(test.conf; port: an integer from 0 to 65535)");
  const auto reason = [](std::string_view text) {
    const std::string error = error_of(text);
    const size_t begin = error.find("'\n") + 2;
    return error.substr(begin, error.find('\n', begin) - begin);
  };
  EXPECT_EQ(reason("nosuch 1"), "Bad directive or wrong number of arguments");
  EXPECT_EQ(reason("include"), "Bad directive or wrong number of arguments");
  EXPECT_EQ(reason("rename-command GET"), "Bad directive or wrong number of arguments");
  EXPECT_EQ(reason("port"), "wrong number of arguments");
  EXPECT_EQ(reason("port 1 2"), "wrong number of arguments");
  EXPECT_EQ(reason("port \"1"), "Unbalanced quotes in configuration line");
  EXPECT_EQ(reason("maxmemory x"), "argument must be a memory value");
  EXPECT_EQ(reason("unixsocketperm 999"), "argument couldn't be parsed as an octal number");
  EXPECT_EQ(reason("replicaof a"), "wrong number of arguments");
  EXPECT_EQ(reason("replicaof a x"), "Invalid master port");
  EXPECT_EQ(reason("dir /nonexistent"), "No such file or directory");
  EXPECT_EQ(reason("appendfilename a/b"), "appendfilename can't be a path, just a filename");
  EXPECT_EQ(reason("appendfilename \"\""), "appendfilename can't be empty");
  EXPECT_EQ(reason("proc-title-template {foo}"),
            "template format is invalid or contains unknown variables");
  EXPECT_EQ(reason("client-output-buffer-limit foo 0 0 0"),
            "Invalid client class specified in buffer limit configuration.");
  EXPECT_EQ(reason("bind a b c d e f g h i j k l m n o p q"), "Too many bind addresses specified.");
  EXPECT_EQ(reason("enable-debug-command x"),
            "argument(s) must be one of the following: no, yes, local");
}

class IncludeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "scrubjay.XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

TEST_F(IncludeTest, ReadsOtherFiles) {
  write("a.inc", "port 1\n");
  write("b.inc", "hz 20\nport 2\n");
  Draft draft;
  ASSERT_TRUE(
      read_redis_conf(draft, write("main.conf", "include " + (folder_ / "*.inc").string() +
                                                    "\ninclude /nonexistent/*.conf\ntimeout 3\n")));
  EXPECT_EQ(draft.config().port, 2);
  EXPECT_EQ(draft.config().hz, 20);
  EXPECT_EQ(draft.config().timeout_s, 3);
}

TEST_F(IncludeTest, NamesTheFileWithTheError) {
  const std::string bad = write("bad.inc", "\n\nhz x\n");
  Draft draft;
  const Status status = read_redis_conf(draft, write("main.conf", "include " + bad));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error(), HasSubstr("at line 3"));
  EXPECT_THAT(status.error(), HasSubstr(bad));
}

TEST_F(IncludeTest, EndsWhenFilesIncludeEachOther) {
  const std::string path = folder_ / "loop.conf";
  write("loop.conf", "include " + path);
  Draft draft;
  const Status status = read_redis_conf(draft, path);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error(), HasSubstr("Too many files include each other"));
}

TEST_F(IncludeTest, MissingFile) {
  Draft draft;
  const Status status = read_redis_conf(draft, "/nonexistent.conf");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error(),
            "Fatal error, can't open config file '/nonexistent.conf': No such file or directory");
}

}  // namespace
}  // namespace scrubjay::config
