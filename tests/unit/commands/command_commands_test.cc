#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using CommandCommands = test::EngineFixture;

TEST_F(CommandCommands, InfoIsMadeFromTheRow) {
  EXPECT_EQ(run("COMMAND INFO get"),
            "*1\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n"
            "*3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n"
            "*1\r\n*6\r\n$5\r\nflags\r\n*2\r\n+RO\r\n+access\r\n"
            "$12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n*2\r\n$"
            "5\r\nindex\r\n:1\r\n"
            "$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n$4\r\nspec\r\n*6\r\n$"
            "7\r\nlastkey\r\n:0\r\n"
            "$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n*0\r\n");
  EXPECT_EQ(run("COMMAND INFO nosuch"), "*1\r\n$-1\r\n");
}

TEST_F(CommandCommands, KeysOfARequest) {
  EXPECT_EQ(run("COMMAND GETKEYS MSET a 1 b 2"), "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(run("COMMAND GETKEYS NOSUCH a"), "-ERR Invalid command specified\r\n");
  EXPECT_EQ(run("COMMAND GETKEYS CONFIG NOSUCH"), "-ERR Invalid command specified\r\n");
  EXPECT_EQ(run("COMMAND GETKEYS PING a"), "-ERR The command has no key arguments\r\n");
  EXPECT_EQ(run("COMMAND GETKEYS GET a b"),
            "-ERR Invalid number of arguments specified for command\r\n");
  EXPECT_EQ(run("COMMAND GETKEYSANDFLAGS SET a v"),
            "*1\r\n*2\r\n$1\r\na\r\n*2\r\n+OW\r\n+update\r\n");
  EXPECT_EQ(run("COMMAND GETKEYSANDFLAGS SET a v NX GET"),
            "*1\r\n*2\r\n$1\r\na\r\n*3\r\n+RW\r\n+access\r\n+update\r\n");
}

TEST_F(CommandCommands, ListFilters) {
  EXPECT_EQ(run("COMMAND LIST FILTERBY PATTERN getd*"), "*1\r\n$6\r\ngetdel\r\n");
  EXPECT_EQ(run("COMMAND LIST FILTERBY PATTERN config|g*"), "*1\r\n$10\r\nconfig|get\r\n");
  EXPECT_EQ(run("COMMAND LIST FILTERBY MODULE x"), "*0\r\n");
  EXPECT_EQ(run("COMMAND LIST FILTERBY ACLCAT nosuch"), "*0\r\n");
  EXPECT_EQ(run("COMMAND LIST x"), "-ERR syntax error\r\n");
}

TEST_F(CommandCommands, DocsLeaveOutWhatIsUnknown) {
  EXPECT_EQ(run("COMMAND DOCS nosuch"), "*0\r\n");
  const std::string docs = run("COMMAND DOCS config|get nosuch");
  EXPECT_TRUE(docs.starts_with("*2\r\n$10\r\nconfig|get\r\n*10\r\n$7\r\nsummary\r\n")) << docs;
  EXPECT_NE(
      docs.find("$12\r\ndisplay_text\r\n$9\r\nparameter\r\n$5\r\nflags\r\n*1\r\n+multiple\r\n"),
      std::string::npos);
}

}  // namespace
}  // namespace scrubjay
