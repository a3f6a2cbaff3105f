#include "config/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "config/keyspace_events.h"

namespace scrubjay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string set_in(Config& config, std::vector<std::string_view> words) {
  const auto result = set(config, words);
  return result ? "OK" : result.error();
}

std::string set_one(std::string_view name, std::string_view value) {
  Config config;
  return set_in(config, {name, value});
}

std::string value_after(std::string_view name, std::string_view value) {
  Config config;
  EXPECT_EQ(set_in(config, {name, value}), "OK");
  return show(config, *find_option(name));
}

auto get_all(const Config& config, std::vector<std::string_view> patterns) {
  return get(config, patterns);
}

TEST(OptionTable, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string_view> names;
  for (const Option* option : options()) {
    for (const auto name : {option->name, option->alias, option->hidden_alias}) {
      if (!name.empty()) {
        EXPECT_TRUE(names.insert(name).second) << name;
      }
    }
    EXPECT_FALSE(option->help.empty()) << option->name;
    EXPECT_FALSE(allowed_text(*option).empty()) << option->name;
    EXPECT_EQ(option->field.show == nullptr, (option->flags & kKept) != 0) << option->name;
    EXPECT_TRUE(option->rule.kind != Kind::kChoice || !option->rule.choices.empty())
        << option->name;
    EXPECT_TRUE(option->rule.kind != Kind::kWords || option->rule.special) << option->name;
  }
}

TEST(OptionTable, EveryValueCanBeSetToItself) {
  Config config;
  for (const auto& [name, value] : get_all(config, {"*"})) {
    const Option& option = *find_option(name);
    if (option.flags & (kImmutable | kProtected)) continue;
    EXPECT_EQ(set_in(config, {name, value}), "OK") << name << " = " << value;
    EXPECT_EQ(show(config, option), value) << name;
  }
  config.kept.clear();
  EXPECT_EQ(show(config, *find_option("save")), "3600 1 300 100 60 10000");
  EXPECT_EQ(config, Config{});
}

TEST(OptionTable, DefaultsOfKeptOptionsPassTheirOwnChecks) {
  for (const Option* option : options()) {
    if (!(option->flags & kKept) || option->rule.kind == Kind::kWords) continue;
    if (option->kept_default.empty()) continue;
    Config config;
    const std::vector<std::string> words{std::string(option->kept_default)};
    const Status status = assign(config, *option, words);
    EXPECT_TRUE(status) << option->name << ": " << (status ? "" : status.error());
    EXPECT_EQ(show(config, *option), option->kept_default);
  }
}

TEST(OptionTable, RefusesAsRedisDoes) {
  const std::string head = "CONFIG SET failed (possibly related to argument ";
  EXPECT_EQ(set_one("maxmemory", "x"), head + "'maxmemory') - argument must be a memory value");
  EXPECT_EQ(set_one("maxmemory", "1.5gb"), head + "'maxmemory') - argument must be a memory value");
  EXPECT_EQ(set_one("port", "70000"),
            head + "'port') - argument must be between 0 and 65535 inclusive");
  EXPECT_EQ(set_one("hz", "01"), head + "'hz') - argument couldn't be parsed into an integer");
  EXPECT_EQ(set_one("appendonly", "maybe"),
            head + "'appendonly') - argument must be 'yes' or 'no'");
  EXPECT_EQ(
      set_one("repl-ping-slave-period", "0"),
      head + "'repl-ping-slave-period') - argument must be between 1 and 2147483647 inclusive");
  EXPECT_EQ(set_one("maxmemory-policy", "x"),
            head +
                "'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, "
                "volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, "
                "allkeys-random, noeviction");
  EXPECT_EQ(set_one("nosuch", "1"),
            "Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  EXPECT_EQ(set_one("rename-command", "GET X"),
            "Unknown option or number of arguments for CONFIG SET - 'rename-command'");
  EXPECT_EQ(set_one("daemonize", "yes"), head + "'daemonize') - can't set immutable config");
  EXPECT_EQ(set_one("dir", "/"), head + "'dir') - can't set protected config");
  EXPECT_EQ(set_one("proto-max-bulk-len", "1"),
            head +
                "'proto-max-bulk-len') - argument must be between 1048576 and "
                "9223372036854775807 inclusive");
  EXPECT_EQ(set_one("maxmemory-clients", "101%"),
            head + "'maxmemory-clients') - percentage argument must be less or equal to 100");
  EXPECT_EQ(set_one("maxmemory-clients", "-1"),
            head + "'maxmemory-clients') - argument must be a memory or percent value");
  EXPECT_EQ(set_one("notify-keyspace-events", "q"),
            head +
                "'notify-keyspace-events') - Invalid event class character. Use "
                "'Ag$lshzxeKEtmdn'.");
  EXPECT_EQ(set_one("oom-score-adj-values", "0 1"),
            head + "'oom-score-adj-values') - wrong number of arguments");
  EXPECT_EQ(set_one("shutdown-on-sigint", "save nosave"),
            head +
                "'shutdown-on-sigint') - shutdown options SAVE and NOSAVE can't be used "
                "simultaneously");
  EXPECT_EQ(set_one("client-output-buffer-limit", "normal 0 0"),
            head +
                "'client-output-buffer-limit') - Wrong number of arguments in buffer limit "
                "configuration.");
  EXPECT_EQ(set_one("client-output-buffer-limit", "normal 0 0 -1"),
            head +
                "'client-output-buffer-limit') - Error in hard, soft or soft_seconds setting in "
                "buffer limit configuration.");
  EXPECT_EQ(set_one("latency-tracking-info-percentiles", "50 101"),
            head +
                "'latency-tracking-info-percentiles') - latency-tracking-info-percentiles "
                "parameters should sit between [0.0,100.0]");
  EXPECT_EQ(set_one("save", "1 2 3"), head + "'save') - Invalid save parameters");
  EXPECT_EQ(set_one("dbfilename", "a"), head + "'dbfilename') - can't set protected config");
}

TEST(OptionTable, SetIsAllOrNothing) {
  Config config;
  EXPECT_NE(set_in(config, {"maxmemory", "1gb", "hz", "x"}), "OK");
  EXPECT_EQ(config, Config{});
  EXPECT_EQ(set_in(config, {"maxmemory", "1gb", "maxmemory", "2gb"}),
            "CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter");
  EXPECT_EQ(set_in(config, {"maxmemory", "1gb", "nosuch", "2gb"}),
            "Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  EXPECT_EQ(set_in(config, {"maxmemory"}), "syntax error");
  const auto changed = set(
      config, std::vector<std::string_view>{"MAXMEMORY", "1gb", "lua-time-limit", "7", "hz", "10"});
  ASSERT_TRUE(changed);
  EXPECT_THAT(*changed, ElementsAre("maxmemory", "busy-reply-threshold"));
  EXPECT_EQ(config.maxmemory, 1u << 30);
}

TEST(OptionTable, ProtectedOptionsNeedPermission) {
  Config config;
  const std::vector<std::string_view> words{"dir", "/"};
  config.enable_protected_configs = Permission::kLocal;
  EXPECT_FALSE(set(config, words, false));
  EXPECT_TRUE(set(config, words, true));
  config.enable_protected_configs = Permission::kYes;
  EXPECT_TRUE(set(config, words, false));
  EXPECT_EQ(config.dir, "/");
  EXPECT_EQ(set_in(config, {"dir", "/nonexistent"}),
            "CONFIG SET failed (possibly related to argument 'dir') - No such file or directory");
}

TEST(OptionTable, ShowsCanonicalValues) {
  EXPECT_EQ(value_after("maxmemory", "100K"), "100000");
  EXPECT_EQ(value_after("maxmemory-clients", "5%"), "5%");
  EXPECT_EQ(value_after("maxmemory-policy", "ALLKEYS-LRU"), "allkeys-lru");
  EXPECT_EQ(value_after("notify-keyspace-events", "KEA"), "AKE");
  EXPECT_EQ(value_after("notify-keyspace-events", "mn"), "nm");
  EXPECT_EQ(value_after("hz", "1000"), "500");
  EXPECT_EQ(value_after("hz", "0"), "1");
  EXPECT_EQ(value_after("shutdown-on-sigint", "now nosave"), "nosave now");
  EXPECT_EQ(value_after("latency-tracking-info-percentiles", "50.50 1.123456789 0"),
            "50.5 1.123457 0");
  EXPECT_EQ(value_after("latency-tracking-info-percentiles", ""), "");
  EXPECT_EQ(value_after("client-output-buffer-limit", "replica 1mb 2mb 3"),
            "normal 0 0 0 slave 1048576 2097152 3 pubsub 33554432 8388608 60");
  EXPECT_EQ(value_after("bind", "127.0.0.1 -::1"), "127.0.0.1 -::1");
  EXPECT_EQ(value_after("bind", ""), "");
  EXPECT_EQ(value_after("save", ""), "");
  EXPECT_EQ(value_after("save", "900 1 300 10"), "900 1 300 10");
}

TEST(OptionTable, NewKeyEventsSurviveTheLetterA) {
  Config config;
  ASSERT_EQ(set_in(config, {"notify-keyspace-events", "KAn"}), "OK");
  EXPECT_TRUE(config.notify_keyspace_events & kEventNew);
  EXPECT_EQ(show(config, *find_option("notify-keyspace-events")), "AK");
}

TEST(OptionTable, GetAnswersUnderTheNameAskedFor) {
  const Config config;
  EXPECT_THAT(get_all(config, {"MAXMEMORY"}), ElementsAre(Pair("MAXMEMORY", "0")));
  EXPECT_THAT(get_all(config, {"lua-time-limit"}), ElementsAre(Pair("lua-time-limit", "5000")));
  EXPECT_THAT(
      get_all(config, {"hash-max-*-value"}),
      ElementsAre(Pair("hash-max-listpack-value", "64"), Pair("hash-max-ziplist-value", "64")));
  EXPECT_THAT(get_all(config, {"lua-t*", "busy*", "BUSY-reply-threshold"}),
              ElementsAre(Pair("lua-time-limit", "5000"), Pair("busy-reply-threshold", "5000")));
  EXPECT_THAT(get_all(config, {"nosuch", "rename-command"}), ElementsAre());
  EXPECT_THAT(get_all(config, {"watchdog*"}), ElementsAre());
  EXPECT_THAT(get_all(config, {"watchdog-period"}), ElementsAre(Pair("watchdog-period", "0")));
  EXPECT_THAT(get_all(config, {"commandlog-execution-slower-than"}),
              ElementsAre(Pair("commandlog-execution-slower-than", "10000")));
}

}  // namespace
}  // namespace scrubjay::config
