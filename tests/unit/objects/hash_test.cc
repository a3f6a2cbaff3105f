// The large hash against std::map, with deadlines on fields, and the large set.
#include "objects/hash.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "objects/set.h"

namespace scrubjay::objects {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

TEST(Hash, FieldsGoAtTheirDeadlines) {
  Hash hash(kStartMs);
  hash.put("a", "1", kStartMs + 10);
  hash.put("b", "2", kStartMs + 1000);
  hash.put("c", "3");
  EXPECT_EQ(hash.timed_fields(), 2u);
  EXPECT_LE(hash.next_due(), kStartMs + 11);
  EXPECT_EQ(hash.expire(kStartMs + 10, 100), 0u);  // it lives through this very instant
  EXPECT_EQ(hash.expire(kStartMs + 11, 100), 1u);
  EXPECT_EQ(hash.find("a"), nullptr);
  hash.set_deadline("b", Hash::kNoDeadline);
  EXPECT_EQ(hash.timed_fields(), 0u);
  EXPECT_EQ(hash.expire(kStartMs + 100'000, 100), 0u);
  hash.check_invariants();
}

TEST(Hash, TakesLongFieldsAndValues) {
  Hash hash(kStartMs);
  const std::string large(300'000, 'x');
  hash.put(large, "1");
  hash.put("f", large);
  hash.put(std::string(255, 'a'), std::string(255, 'b'), kStartMs + 5);
  hash.put(std::string(256, 'a'), "");
  EXPECT_EQ(hash.find("f")->value(), large);
  EXPECT_EQ(hash.find(large)->value(), "1");
  EXPECT_EQ(hash.find(std::string(255, 'a'))->deadline(), kStartMs + 5);
  hash.check_invariants();
}

TEST(Hash, BehavesAsAMapWhoseFieldsExpire) {
  struct Value {
    std::string text;
    int64_t deadline;
  };
  Hash hash(kStartMs);
  std::map<std::string, Value> model;
  Random random(9);
  int64_t now = kStartMs;
  for (int step = 0; step < 200'000; ++step) {
    const std::string name = std::to_string(random.below(2000));
    const uint64_t kind = random.below(100);
    const int64_t deadline = random.below(2) == 0
                                 ? Hash::kNoDeadline
                                 : now + 1 + static_cast<int64_t>(random.below(5000));
    if (kind < 45) {
      const std::string text(random.below(40), 'v');
      ASSERT_EQ(hash.put(name, text, deadline), !model.contains(name));
      model[name] = {text, deadline};
    } else if (kind < 60) {
      ASSERT_EQ(hash.erase(name), model.erase(name) == 1);
    } else if (kind < 75) {
      if (model.contains(name)) {
        hash.set_deadline(name, deadline);
        model[name].deadline = deadline;
      }
    } else if (kind < 80) {
      now += static_cast<int64_t>(random.below(50));
      const size_t gone = std::erase_if(model, [&](const auto& item) {
        return item.second.deadline != Hash::kNoDeadline && item.second.deadline < now;
      });
      ASSERT_EQ(hash.expire(now, SIZE_MAX), gone);
    } else {
      const Hash::Field* const field = hash.find(name);
      ASSERT_EQ(field != nullptr, model.contains(name));
      if (field != nullptr) {
        ASSERT_EQ(field->value(), model[name].text);
        ASSERT_EQ(field->deadline(), model[name].deadline);
      }
    }
    ASSERT_EQ(hash.size(), model.size());
    if (step % 10'000 != 0) continue;
    hash.check_invariants();
    hash.clone()->check_invariants();
  }
}

TEST(Set, BehavesAsStdSetAndScansEveryMemberThatStays) {
  Set set;
  std::set<std::string> model;
  Random random(10);
  for (int i = 0; i < 500; ++i) set.insert("stays:" + std::to_string(i));
  std::set<std::string> seen;
  uint64_t cursor = 0;
  for (int step = 0; step < 100'000; ++step) {
    const std::string member = std::to_string(random.below(step < 50'000 ? 20'000 : 100));
    if (random.below(3) > 0)
      ASSERT_EQ(set.insert(member), model.insert(member).second);
    else
      ASSERT_EQ(set.erase(member), model.erase(member) == 1);
    if (step % 50 == 0) {
      cursor = set.scan(cursor, 20, [&](std::string_view text) { seen.emplace(text); });
      if (cursor == 0) {
        for (int i = 0; i < 500; ++i) ASSERT_TRUE(seen.contains("stays:" + std::to_string(i)));
        seen.clear();
      }
    }
    if (step % 10'000 == 0) set.check_invariants();
  }
  ASSERT_EQ(set.size(), model.size() + 500);
}

}  // namespace
}  // namespace scrubjay::objects
