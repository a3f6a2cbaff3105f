#include "schema/command_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schema/acl_category.h"

// The rows here have no documentation.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace scrubjay::schema {
namespace {

void handler(engine::CommandContext& /*context*/) {}

constexpr uint32_t kOfSort = kAclSet | kAclSortedSet | kAclList | kAclDangerous;

constexpr CommandSpec kRows[] = {
    {.syntax = "APPEND key value",
     .handler = handler,
     .flags = kWrite | kDenyOom | kFast,
     .group = Group::kString},
    {.syntax = "BITCOUNT key [start end [BYTE | BIT]]",
     .handler = handler,
     .flags = kReadOnly,
     .group = Group::kBitmap},
    {.syntax = "BLPOP key [key ...] timeout",
     .handler = handler,
     .flags = kWrite | kBlocking | kNoScript,
     .group = Group::kList},
    {.syntax = "CLIENT", .group = Group::kConnection},
    {.syntax = "CLIENT GETNAME",
     .handler = handler,
     .flags = kNoScript | kLoading | kStale,
     .group = Group::kConnection},
    {.syntax = "COMMAND",
     .handler = handler,
     .flags = kLoading | kStale | kContainer,
     .group = Group::kServer,
     .acl = kAclConnection},
    {.syntax = "COMMAND COUNT",
     .handler = handler,
     .flags = kLoading | kStale,
     .group = Group::kServer,
     .acl = kAclConnection},
    {.syntax = "CONFIG", .group = Group::kServer},
    {.syntax = "CONFIG GET parameter [parameter ...]",
     .handler = handler,
     .flags = kAdmin | kNoScript,
     .group = Group::kServer},
    {.syntax = "DEL key [key ...]", .handler = handler, .flags = kWrite, .group = Group::kGeneric},
    {.syntax = "EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]",
     .handler = handler,
     .flags = kReadOnly | kNoScript,
     .group = Group::kScripting},
    {.syntax = "EXEC",
     .handler = handler,
     .flags = kNoScript | kLoading,
     .group = Group::kTransactions},
    {.syntax = "EXPIRE key seconds [NX | XX | GT | LT]",
     .handler = handler,
     .flags = kWrite | kFast,
     .group = Group::kGeneric},
    {.syntax = "FLUSHALL [ASYNC | SYNC]",
     .handler = handler,
     .flags = kWrite,
     .group = Group::kServer,
     .acl = kAclKeyspace | kAclDangerous},
    {.syntax = "GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI>",
     .handler = handler,
     .flags = kReadOnly,
     .group = Group::kGeo,
     .arity = -5},
    {.syntax = "GET key", .handler = handler, .flags = kReadOnly | kFast, .group = Group::kString},
    {.syntax = "HSET key field value [field value ...]",
     .handler = handler,
     .flags = kWrite | kFast,
     .group = Group::kHash},
    {.syntax = "KEYS pattern",
     .handler = handler,
     .flags = kReadOnly,
     .group = Group::kGeneric,
     .acl = kAclDangerous},
    {.syntax = "LMOVE source destination <LEFT | RIGHT> <LEFT | RIGHT>",
     .handler = handler,
     .flags = kWrite,
     .group = Group::kList},
    {.syntax = "MSET key value [key value ...]",
     .handler = handler,
     .flags = kWrite,
     .group = Group::kString},
    {.syntax = "OBJECT", .group = Group::kGeneric},
    {.syntax = "OBJECT ENCODING key",
     .handler = handler,
     .flags = kReadOnly,
     .group = Group::kGeneric},
    {.syntax = "PFCOUNT key [key ...]",
     .handler = handler,
     .flags = kReadOnly,
     .group = Group::kHyperLogLog},
    {.syntax = "PING [message]", .handler = handler, .flags = kFast, .group = Group::kConnection},
    {.syntax = "PUBLISH channel message",
     .handler = handler,
     .flags = kPubSub | kFast,
     .group = Group::kPubSub},
    {.syntax = "REPLICAOF <host port | NO ONE>",
     .handler = handler,
     .flags = kAdmin,
     .group = Group::kServer},
    {.syntax = "SADD key member [member ...]",
     .handler = handler,
     .flags = kWrite | kFast,
     .group = Group::kSet},
    {.syntax = "SET key value [NX | XX] [GET]",
     .handler = handler,
     .flags = kWrite,
     .group = Group::kString},
    {.syntax = "SORT key [STORE destination]",
     .handler = handler,
     .flags = kWrite,
     .group = Group::kGeneric,
     .acl = kOfSort},
    {.syntax = "WAIT numreplicas timeout",
     .handler = handler,
     .flags = kNoScript,
     .group = Group::kGeneric,
     .acl = kAclConnection},
    {.syntax = "XREAD [COUNT count] STREAMS key [key ...] id [id ...]",
     .handler = handler,
     .flags = kReadOnly | kBlocking,
     .group = Group::kStream},
    {.syntax = "ZADD key [NX | XX] score member [score member ...]",
     .handler = handler,
     .flags = kWrite | kFast,
     .group = Group::kSortedSet},
};

struct Expected {
  std::string_view name;
  int arity;
  std::string_view categories;
};

// As Redis 7.0.15 gives them in COMMAND INFO.
constexpr Expected kExpected[] = {
    {"append", 3, "@write @string @fast"},
    {"bitcount", -2, "@read @bitmap @slow"},
    {"blpop", -3, "@write @list @slow @blocking"},
    {"client", -2, "@slow"},
    {"client|getname", 2, "@slow @connection"},
    {"command", -1, "@slow @connection"},
    {"command|count", 2, "@slow @connection"},
    {"config", -2, "@slow"},
    {"config|get", -3, "@admin @slow @dangerous"},
    {"del", -2, "@keyspace @write @slow"},
    {"eval_ro", -3, "@slow @scripting"},
    {"exec", 1, "@slow @transaction"},
    {"expire", -3, "@keyspace @write @fast"},
    {"flushall", -1, "@keyspace @write @slow @dangerous"},
    {"georadiusbymember_ro", -5, "@read @geo @slow"},
    {"get", 2, "@read @string @fast"},
    {"hset", -4, "@write @hash @fast"},
    {"keys", 2, "@keyspace @read @slow @dangerous"},
    {"lmove", 5, "@write @list @slow"},
    {"mset", -3, "@write @string @slow"},
    {"object", -2, "@slow"},
    {"object|encoding", 3, "@keyspace @read @slow"},
    {"pfcount", -2, "@read @hyperloglog @slow"},
    {"ping", -1, "@fast @connection"},
    {"publish", 3, "@pubsub @fast"},
    {"replicaof", 3, "@admin @slow @dangerous"},
    {"sadd", -3, "@write @set @fast"},
    {"set", -3, "@write @string @slow"},
    {"sort", -2, "@write @set @sortedset @list @slow @dangerous"},
    {"wait", 3, "@slow @connection"},
    {"xread", -4, "@read @stream @slow @blocking"},
    {"zadd", -4, "@write @sortedset @fast"},
};

const std::vector<std::span<const CommandSpec>> kGroups = {std::span(kRows).first(9),
                                                           std::span(kRows).subspan(9)};

std::string categories_text(uint32_t categories) {
  std::string text;
  for (size_t bit = 0; bit < kAclCategories; ++bit) {
    if (categories >> bit & 1)
      text += (text.empty() ? "@" : " @") + std::string(acl_category_name(bit));
  }
  return text;
}

TEST(CommandTable, AgreesWithRedisOnArityAndCategories) {
  const CommandTable table(kGroups);
  ASSERT_EQ(table.size(), std::size(kExpected));
  for (size_t id = 0; id < table.size(); ++id) {
    const Command& command = table[id];
    EXPECT_EQ(command.id, id);
    EXPECT_EQ(command.name, kExpected[id].name);
    EXPECT_EQ(command.arity, kExpected[id].arity) << command.name;
    EXPECT_EQ(categories_text(categories_of(*command.spec)), kExpected[id].categories)
        << command.name;
  }
}

TEST(CommandTable, FindsNamesInAnyCase) {
  const CommandTable table(kGroups);
  for (const Command* command : table.top_level()) {
    std::string upper = command->name;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(table.find(command->name), command);
    EXPECT_EQ(table.find(upper), command);
    upper[0] = command->name[0];
    EXPECT_EQ(table.find(upper), command);
    EXPECT_EQ(table.find(upper + "x"), nullptr);
  }
  EXPECT_EQ(table.find("GETS"), nullptr);
  EXPECT_EQ(table.find(""), nullptr);
  EXPECT_EQ(table.find("G\x05T"), nullptr);
  EXPECT_EQ(table.find("object|encoding"), nullptr);
  // As long as the real one, and with the same first and last eight bytes.
  EXPECT_EQ(table.find("GEORADIUxxxxEMBER_RO"), nullptr);
  EXPECT_EQ(table.find("georadiuxxxxember_ro"), nullptr);
  EXPECT_EQ(table.find(std::string(100000, 'g')), nullptr);
}

TEST(CommandTable, OnlyLettersLoseTheirCase) {
  const CommandTable table({kRows});
  EXPECT_EQ(table.find("EVAL\x7fRO"), nullptr);  // '_' | 0x20
  EXPECT_EQ(table.find("EVAL?RO"), nullptr);     // '_' & ~0x20, were it a letter
  EXPECT_NE(table.find("eval_ro"), nullptr);
}

TEST(CommandTable, SubcommandsHangUnderTheirContainer) {
  const CommandTable table(kGroups);
  const Command* config = table.find("config");
  ASSERT_NE(config, nullptr);
  ASSERT_EQ(config->subcommands.size(), 1u);
  const Command* get = table.find_subcommand(*config, "GeT");
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(get->name, "config|get");
  EXPECT_EQ(get->parent, config);
  EXPECT_EQ(table.find_subcommand(*config, "gets"), nullptr);
  EXPECT_EQ(table.find_subcommand(*config, ""), nullptr);
  for (const Command* command : table.top_level()) EXPECT_EQ(command->parent, nullptr);
}

TEST(CommandTable, RenamesAndDisables) {
  CommandTable table(kGroups);
  const Command* get = table.find("get");
  EXPECT_TRUE(table.rename("GET", "a-secret-name-longer-than-others"));
  EXPECT_EQ(table.find("get"), nullptr);
  EXPECT_EQ(table.find("A-Secret-Name-Longer-Than-Others"), get);
  EXPECT_TRUE(table.rename("FLUSHALL", ""));
  EXPECT_EQ(table.find("flushall"), nullptr);
  EXPECT_EQ(table.rename("flushall", "x").error(), "No such command in rename-command");
  EXPECT_EQ(table.rename("set", "DEL").error(), "Target command name already exists");
  EXPECT_NE(table.find("set"), nullptr);
  EXPECT_TRUE(table.rename("set", "SET"));
  EXPECT_NE(table.find("set"), nullptr);
}

TEST(AclCategory, NamesGoBothWays) {
  for (size_t bit = 0; bit < kAclCategories; ++bit)
    EXPECT_EQ(find_acl_category(acl_category_name(bit)), 1u << bit);
  EXPECT_EQ(find_acl_category("SortedSet"), kAclSortedSet);
  EXPECT_EQ(find_acl_category("all"), std::nullopt);
}

}  // namespace
}  // namespace scrubjay::schema
