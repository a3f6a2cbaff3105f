#include "cli/command_line.h"

#include <gmock/gmock.h>

namespace scrubjay::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using Words = std::vector<std::string>;

const char* no_environment(const char*) {
  return nullptr;
}

ClientOptions parsed(const Words& arguments) {
  const auto options = parse_client_options(arguments, no_environment);
  EXPECT_TRUE(options) << options.error();
  return *options;
}

std::string refusal(const Words& arguments) {
  const auto options = parse_client_options(arguments, no_environment);
  return options ? "" : options.error();
}

TEST(ClientOptions, StandAtTheirDefaults) {
  const ClientOptions options = parsed({});
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 6379);
  EXPECT_EQ(options.repeat, 1);
  EXPECT_FALSE(options.password);
  EXPECT_FALSE(options.raw);
  EXPECT_THAT(options.command, IsEmpty());
}

TEST(ClientOptions, EndWhereTheCommandBegins) {
  const ClientOptions options = parsed({"-h", "box", "-p", "7", "-n", "2", "SET", "-p", "8"});
  EXPECT_EQ(options.host, "box");
  EXPECT_EQ(options.port, 7);
  EXPECT_EQ(options.database, 2);
  EXPECT_THAT(options.command, ElementsAre("SET", "-p", "8"));
}

TEST(ClientOptions, ALoneHostOptionAsksForHelp) {
  EXPECT_EQ(parsed({"-h"}).action, ClientOptions::Action::kHelp);
  EXPECT_EQ(parsed({"--help"}).action, ClientOptions::Action::kHelp);
  EXPECT_EQ(parsed({"--version"}).action, ClientOptions::Action::kVersion);
}

TEST(ClientOptions, ThePasswordOnTheLineBeatsTheEnvironment) {
  const auto environment = [](const char*) { return "from-environment"; };
  const auto shown = parse_client_options({"-a", "shown", "PING"}, environment);
  EXPECT_EQ(shown->password, "shown");
  EXPECT_TRUE(shown->password_was_shown);
  const auto hidden = parse_client_options({"PING"}, environment);
  EXPECT_EQ(hidden->password, "from-environment");
  EXPECT_FALSE(hidden->password_was_shown);
}

TEST(ClientOptions, ReadUris) {
  ClientOptions options = parsed({"-u", "redis://us%65r:p%40ss%3A@host:7000/3"});
  EXPECT_EQ(options.user, "user");
  EXPECT_EQ(options.password, "p@ss:");
  EXPECT_EQ(options.host, "host");
  EXPECT_EQ(options.port, 7000);
  EXPECT_EQ(options.database, 3);
  options = parsed({"-u", "redis://:secret@[::1]:7001"});
  EXPECT_EQ(options.user, "");
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.port, 7001);
  options = parsed({"-u", "redis://secret@host"});
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.port, 6379);
  EXPECT_EQ(parsed({"-u", "redis://"}).host, "127.0.0.1");
  EXPECT_EQ(parsed({"-u", "redis://host/4?x=y"}).database, 4);
  EXPECT_EQ(refusal({"-u", "http://host"}), "Invalid URI scheme");
  EXPECT_EQ(refusal({"-u", "rediss://host"}), "rediss:// needs TLS, which this client lacks");
  EXPECT_EQ(refusal({"-u", "redis://[::1"}), "Invalid URI: no ']' behind the address");
}

TEST(ClientOptions, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(refusal({"--nope"}), "Unrecognized option or bad number of args for: '--nope'");
  EXPECT_EQ(refusal({"-p"}), "Unrecognized option or bad number of args for: '-p'");
}

TEST(EvalCommand, CountsTheKeysAheadOfTheComma) {
  EXPECT_THAT(eval_command("s", {}), ElementsAre("EVAL", "s", "0"));
  EXPECT_THAT(eval_command("s", {"k", "l", ",", "a", ","}),
              ElementsAre("EVAL", "s", "2", "k", "l", "a", ","));
  EXPECT_THAT(eval_command("s", {",", "a"}), ElementsAre("EVAL", "s", "0", "a"));
}

TEST(SplitWords, FollowsTheQuotes) {
  EXPECT_THAT(split_words("  a\tbc  d "), Optional(ElementsAre("a", "bc", "d")));
  EXPECT_THAT(split_words(""), Optional(IsEmpty()));
  EXPECT_THAT(split_words(R"(set "a b" 'c d' "")"), Optional(ElementsAre("set", "a b", "c d", "")));
  EXPECT_THAT(split_words(R"("\n\r\t\b\a\\\"\x41\xzz\q")"),
              Optional(ElementsAre("\n\r\t\b\a\\\"Axzzq")));
  EXPECT_THAT(split_words(R"('it\'s' '\n')"), Optional(ElementsAre("it's", "\\n")));
  EXPECT_THAT(split_words(R"(a"b c")"), Optional(ElementsAre("ab c")));
}

TEST(SplitWords, RefusesOpenAndSpliced) {
  EXPECT_FALSE(split_words(R"("open)"));
  EXPECT_FALSE(split_words("'open"));
  EXPECT_FALSE(split_words(R"("a"b)"));
  EXPECT_FALSE(split_words(R"('a'b)"));
  EXPECT_FALSE(split_words(R"("ends in \)"));
}

}  // namespace
}  // namespace scrubjay::cli
