// Payloads of FUNCTION DUMP: as Redis wrote one, there and back, and damage.
#include "rdb/function_payload.h"

#include <gtest/gtest.h>

#include "rdb/payload_reader.h"

namespace scrubjay::rdb {
namespace {

constexpr std::string_view kCode =
    "#!lua name=lib\nredis.register_function('f', function() return 1 end)";

// What redis-server 7.0.15 gives for this library.
const std::string kOfRedis =
    "\xf5@D" + std::string(kCode) + std::string("\n\0\xaf\xecJ\xc1\r\xc9\x0c\xa3", 10);

TEST(FunctionPayload, IsRedis) {
  EXPECT_EQ(write_libraries({kCode}, true), kOfRedis);
  EXPECT_TRUE(footer_is_good(kOfRedis));
  const auto codes = read_libraries(kOfRedis);
  ASSERT_TRUE(codes);
  EXPECT_EQ(*codes, std::vector<std::string>{std::string(kCode)});
}

TEST(FunctionPayload, ComesBack) {
  const std::string longer(5000, 'x');
  for (const bool compress : {false, true}) {
    const auto codes = read_libraries(write_libraries({kCode, "", longer, "12"}, compress));
    ASSERT_TRUE(codes);
    EXPECT_EQ(*codes, (std::vector<std::string>{std::string(kCode), "", longer, "12"}));
  }
  const auto none = read_libraries(write_libraries({}, true));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST(FunctionPayload, OldForm) {
  const std::string payload = std::string(
                                  "\xf6\x03lib\x03LUA\x01\x04text\x05"
                                  "code!") +
                              std::string(10, '\0');
  const auto codes = read_libraries(payload);
  ASSERT_TRUE(codes);
  EXPECT_EQ(codes->front(), "#!LUA name=lib\ncode!");
}

TEST(FunctionPayload, Damage) {
  const std::string footer(10, '\0');
  EXPECT_EQ(read_libraries(std::string("\x00\x01k", 3) + footer).error(),
            "given type is not a function");
  EXPECT_EQ(read_libraries("\xf5\x05"
                           "abc" +
                           footer)
                .error(),
            "Failed loading library payload");
  EXPECT_FALSE(read_libraries("short"));
}

}  // namespace
}  // namespace scrubjay::rdb
