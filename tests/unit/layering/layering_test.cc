// Who may include whom (docs/layers.md): the #include lines of all sources against the table.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "unit/layering/include_rules.h"

namespace scrubjay::test {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SCRUBJAY_SOURCE_DIR;

std::vector<fs::path> sources(const char* top) {
  std::vector<fs::path> files;
  for (const auto& item : fs::recursive_directory_iterator(kRoot / top)) {
    const fs::path extension = item.path().extension();
    if (extension == ".h" || extension == ".cc") files.push_back(item.path());
  }
  return files;
}

TEST(Layering, NoIncludeGoesUpwards) {
  size_t lines = 0;
  for (const char* top : {"src", "include"}) {
    for (const fs::path& path : sources(top)) {
      const std::string file = fs::relative(path, kRoot).generic_string();
      std::ifstream stream(path);
      for (std::string line; std::getline(stream, line);) {
        lines += included(line).has_value();
        const std::string why = why_refused(file, line);
        EXPECT_TRUE(why.empty()) << why;
      }
    }
  }
  EXPECT_GT(lines, 200u);
}

TEST(Layering, EveryFolderHasItsRow) {
  for (const auto& item : fs::directory_iterator(kRoot / "src")) {
    if (!item.is_directory()) continue;
    const std::string folder = item.path().filename().string();
    EXPECT_TRUE(include_rules().contains(folder)) << folder;
  }
}

TEST(Layering, RulesNameOnlyFoldersThatHaveARow) {
  for (const auto& [folder, below] : include_rules()) {
    for (const std::string& name : below) {
      EXPECT_TRUE(include_rules().contains(name)) << name;
      EXPECT_NE(name, folder);
      const auto& back = include_rules().find(name)->second;
      EXPECT_EQ(std::find(back.begin(), back.end(), folder), back.end())
          << name << " and " << folder;
    }
  }
}

TEST(Layering, UpwardIncludesAreRefused) {
  EXPECT_NE(why_refused("src/store/entry.cc", "#include \"engine/client.h\""), "");
  EXPECT_NE(why_refused("src/base/text.h", "  #  include \"resp/reply.h\""), "");
  EXPECT_NE(why_refused("src/net/session.cc", "#include \"commands/table.h\""), "");
  EXPECT_NE(why_refused("src/commands/table.cc", "#include \"net/session.h\""), "");
  EXPECT_NE(why_refused("src/cli/redis_cli.cc", "#include \"store/key.h\""), "");
  EXPECT_NE(why_refused("src/pubsub/hub.cc", "#include \"acl/rules.h\""), "");
  EXPECT_NE(why_refused("src/acl/deep/rules.cc", "#include <engine/client.h>"), "");
  EXPECT_NE(why_refused("include/scrubjay/clock.h", "#include \"base/number.h\""), "");
}

TEST(Layering, AsioStaysInNet) {
  const char* line = "#include <boost/asio/io_context.hpp>";
  EXPECT_NE(why_refused("src/engine/services.h", line), "");
  EXPECT_NE(why_refused("include/scrubjay/clock.h", line), "");
  EXPECT_EQ(why_refused("src/net/session.h", line), "");
  EXPECT_EQ(why_refused("src/main.cc", line), "");
}

TEST(Layering, AFolderWithoutARowIsRefused) {
  EXPECT_NE(why_refused("src/util/helpers.h", "#include \"base/text.h\""), "");
}

TEST(Layering, WhatIsBelowIsAllowed) {
  EXPECT_EQ(why_refused("src/store/keyspace.h", "#include \"config/config.h\""), "");
  EXPECT_EQ(why_refused("src/store/keyspace.h", "#include \"scrubjay/detail/table.h\""), "");
  EXPECT_EQ(why_refused("src/store/keyspace.h", "#include \"store/stripe.h\""), "");
  EXPECT_EQ(why_refused("src/replication/link.cc", "#include \"rdb/reader.h\""), "");
  EXPECT_EQ(why_refused("src/main.cc", "#include \"net/listener.h\""), "");
  EXPECT_EQ(why_refused("src/store/keyspace.h", "// #include \"engine/client.h\""), "");
  EXPECT_EQ(why_refused("src/store/key.h", "#include <sys/eventfd.h>"), "");
}

}  // namespace
}  // namespace scrubjay::test
