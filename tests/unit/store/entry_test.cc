#include "store/entry.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/memory.h"

namespace scrubjay::store {
namespace {

struct Destroy {
  void operator()(Entry* entry) const { Entry::destroy(entry); }
};
using Owned = std::unique_ptr<Entry, Destroy>;

Owned make(std::string_view key, std::string_view value, int64_t deadline = kNoDeadline) {
  return Owned(Entry::make_string(key, value, encoding_for(value), deadline));
}

TEST(Entry, KeepsKeyValueAndDeadlineOfAnySize) {
  for (const size_t key_size : {0, 1, 255, 256, 70'000}) {
    for (const size_t value_size : {0, 1, 44, 45, 16'383, 16'384, 100'000}) {
      for (const int64_t deadline : {kNoDeadline, int64_t{1'700'000'000'123}}) {
        const std::string key(key_size, 'k');
        const std::string value(value_size, 'v');
        const Owned entry = make(key, value, deadline);
        EXPECT_EQ(entry->key(), key);
        EXPECT_EQ(entry->string(), value);
        EXPECT_EQ(entry->deadline(), deadline);
        EXPECT_EQ(entry->has_deadline(), deadline != kNoDeadline);
        EXPECT_EQ(entry->is_block(), value_size >= Entry::kBlockSize);
        EXPECT_EQ(entry->type(), Type::kString);
      }
    }
  }
}

TEST(Entry, WithoutADeadlineItCostsTheHeaderOnly) {
  EXPECT_EQ(make("key", "value")->memory_bytes(), good_size(8 + 3 + 5));
  EXPECT_EQ(make("key", "value", 1)->memory_bytes(), good_size(8 + 12 + 3 + 5));
}

TEST(Entry, FieldsDoNotDisturbEachOther) {
  const Owned entry = make("key", "value", 5);
  entry->set_access(0xabcdef);
  entry->set_wheel_place(77);
  entry->set_deadline(9);
  entry->set_encoding(Encoding::kRaw);
  EXPECT_EQ(entry->access(), 0xabcdefu);
  EXPECT_EQ(entry->wheel_place(), 77u);
  EXPECT_EQ(entry->deadline(), 9);
  EXPECT_EQ(entry->encoding(), Encoding::kRaw);
  EXPECT_EQ(entry->type(), Type::kString);
  EXPECT_EQ(entry->key(), "key");
  EXPECT_EQ(entry->string(), "value");
}

TEST(Entry, EncodingsFollowTheValue) {
  EXPECT_EQ(encoding_for("0"), Encoding::kInt);
  EXPECT_EQ(encoding_for("-12"), Encoding::kInt);
  EXPECT_EQ(encoding_for("9223372036854775807"), Encoding::kInt);
  EXPECT_EQ(encoding_for("9223372036854775808"), Encoding::kEmbstr);
  EXPECT_EQ(encoding_for("007"), Encoding::kEmbstr);
  EXPECT_EQ(encoding_for(""), Encoding::kEmbstr);
  EXPECT_EQ(encoding_for(std::string(44, 'x')), Encoding::kEmbstr);
  EXPECT_EQ(encoding_for(std::string(45, 'x')), Encoding::kRaw);
}

TEST(Entry, ACloneHasAnotherKeyAndDeadline) {
  const Owned entry = make("a", "value", 5);
  entry->set_access(3);
  const Owned copy(entry->clone("longer key", kNoDeadline));
  EXPECT_EQ(copy->key(), "longer key");
  EXPECT_EQ(copy->string(), "value");
  EXPECT_FALSE(copy->has_deadline());
  EXPECT_EQ(copy->access(), 3u);
}

TEST(Entry, AClonedLongValueIsSharedUntilItIsWritten) {
  const std::string value(50'000, 'x');
  const Owned entry = make("a", value);
  const Owned copy(entry->clone("b", kNoDeadline));
  EXPECT_EQ(entry->string().data(), copy->string().data());
  copy->writable_string()[0] = 'y';
  EXPECT_EQ(entry->string(), value);
  EXPECT_EQ(copy->string()[0], 'y');
}

TEST(Entry, AReplyKeepsTheBytesOfAnEntryThatIsGone) {
  Owned entry = make("a", std::string(50'000, 'x'));
  const SharedBytes reference = entry->block();
  entry.reset();
  EXPECT_EQ(reference.view(), std::string(50'000, 'x'));
  EXPECT_TRUE(reference.unique());
}

TEST(Entry, AssigningInPlaceStaysInsideTheBlock) {
  const Owned entry = make("key", "value");
  EXPECT_TRUE(entry->assign_in_place("other"));
  EXPECT_EQ(entry->string(), "other");
  EXPECT_FALSE(entry->assign_in_place(std::string(1000, 'x')));
  EXPECT_EQ(entry->string(), "other");
  EXPECT_FALSE(make("key", std::string(50'000, 'x'))->assign_in_place("short"));
}

TEST(Entry, GrowingKeepsTheBytesAndZeroesTheRest) {
  for (const int64_t deadline : {kNoDeadline, int64_t{5}}) {
    Owned entry = make("key", "abc", deadline);
    std::string expected = "abc";
    for (const size_t size : {3, 10, 2'000, 16'383, 16'384, 40'000, 40'001, 39'000}) {
      entry.reset(Entry::resize_string(entry.release(), size));
      expected.resize(size);
      EXPECT_EQ(entry->string(), expected);
      EXPECT_EQ(entry->key(), "key");
      EXPECT_EQ(entry->deadline(), deadline);
    }
  }
}

TEST(Entry, GrowingASharedBlockLeavesTheOtherAlone) {
  const std::string value(20'000, 'x');
  Owned entry = make("key", value);
  const SharedBytes reply = entry->block();
  entry.reset(Entry::resize_string(entry.release(), 30'000));
  entry->writable_string()[0] = 'y';
  EXPECT_EQ(reply.view(), value);
}

}  // namespace
}  // namespace scrubjay::store
