#include "config/toml_bytes.h"

#include <gtest/gtest.h>

namespace scrubjay::config {
namespace {

TEST(TomlBytes, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string disguised = disguise_bytes(bytes);
  EXPECT_EQ(disguised.size(), 128u + 3 * 128u);
  EXPECT_EQ(restore_bytes(disguised), bytes);
  EXPECT_EQ(disguise_bytes("port = 1"), "port = 1");
}

}  // namespace
}  // namespace scrubjay::config
