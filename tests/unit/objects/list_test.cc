// The large list against std::deque, and its edges.
#include "objects/list.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

std::vector<std::string> contents(const List& list) {
  std::vector<std::string> all;
  list.for_each(0, [&](std::string_view text) {
    all.emplace_back(text);
    return true;
  });
  return all;
}

TEST(List, KeepsOrderFromBothEnds) {
  List list;
  list.push_back("b");
  list.push_front("a");
  list.push_back("");
  EXPECT_EQ(contents(list), (std::vector<std::string>{"a", "b", ""}));
  EXPECT_EQ(list.front(), "a");
  EXPECT_EQ(list.back(), "");
  list.pop_back();
  list.pop_front();
  list.pop_front();
  EXPECT_EQ(list.size(), 0u);
  list.check_invariants();
}

TEST(List, TakesElementsOfAnySize) {
  List list;
  const std::string huge(20 << 20, 'h');
  const std::string large(100'000, 'l');
  for (int i = 0; i < 300; ++i) list.push_back("small " + std::to_string(i));
  list.insert(150, huge);
  list.push_front(large);
  list.push_back(std::string(1001, 'c'));
  list.check_invariants();
  std::string scratch;
  EXPECT_EQ(list.at(151, scratch), huge);
  EXPECT_EQ(list.at(0, scratch), large);
  EXPECT_EQ(list.at(152, scratch), "small 150");
  list.erase(151, 1);
  EXPECT_EQ(list.at(151, scratch), "small 150");
  list.check_invariants();
}

TEST(List, AlikeElementsTakeLittle) {
  List list;
  for (int i = 0; i < 1000; ++i) list.push_back("element:" + std::to_string(100'000 + i));
  EXPECT_LT(list.memory_bytes(), 9'000u);  // 14,000 bytes of text
  list.check_invariants();
}

TEST(List, MovesAlongAsAQueue) {
  List list;
  for (int i = 0; i < 1000; ++i) list.push_back(std::to_string(i));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(list.front(), std::to_string(i));
    list.pop_front();
    list.push_back(std::to_string(1000 + i));
  }
  list.check_invariants();
}

enum class Texts { kAlike, kRandom, kNumbers, kMixed };

class ListModel : public ::testing::TestWithParam<Texts> {
 protected:
  std::string draw(Random& random) {
    Texts kind = GetParam();
    if (kind == Texts::kMixed) {
      if (random.below(200) == 0) return std::string(random.below(5000), 'M');
      kind = random.below(2) == 0 ? Texts::kAlike : Texts::kRandom;
    }
    if (kind == Texts::kAlike) return "some:common:prefix:" + std::to_string(random.below(50));
    if (kind == Texts::kNumbers) return std::to_string(random.below(1000));
    std::string text(random.below(40), '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }
};

TEST_P(ListModel, BehavesAsStdDeque) {
  List list;
  std::deque<std::string> model;
  Random random(static_cast<uint64_t>(GetParam()) + 11);
  const auto place = [&](size_t i) { return model.begin() + static_cast<ptrdiff_t>(i); };
  std::string scratch;
  for (int step = 0; step < 60'000; ++step) {
    const uint64_t kind = random.below(1000);
    const bool grows = step / 10'000 % 2 == 0;
    if (kind < (grows ? 700 : 300)) {
      const std::string text = draw(random);
      if (random.below(2) == 0) {
        list.push_back(text);
        model.push_back(text);
      } else {
        list.push_front(text);
        model.push_front(text);
      }
    } else if (!model.empty() && kind < 900) {
      if (random.below(2) == 0) {
        ASSERT_EQ(list.front(), model.front());
        list.pop_front();
        model.pop_front();
      } else {
        ASSERT_EQ(list.back(), model.back());
        list.pop_back();
        model.pop_back();
      }
    } else if (!model.empty() && kind < 930) {
      const size_t index = random.below(model.size());
      ASSERT_EQ(list.at(index, scratch), model[index]);
      const std::string text = draw(random);
      list.set(index, text);
      model[index] = text;
    } else if (kind < 960) {
      const size_t index = random.below(model.size() + 1);
      const std::string text = draw(random);
      list.insert(index, text);
      model.insert(place(index), text);
    } else if (!model.empty() && kind < 970) {
      const size_t first = random.below(model.size());
      const size_t count = 1 + random.below(std::min<size_t>(model.size() - first, 200));
      list.erase(first, count);
      model.erase(place(first), place(first + count));
    } else if (!model.empty() && kind < 980) {
      const std::string text = model[random.below(model.size())];
      const size_t most = random.below(4);
      const bool from_back = random.below(2) == 0;
      size_t wanted = 0;
      for (size_t i = 0; i < model.size() && (most == 0 || wanted < most);) {
        const size_t at = from_back ? model.size() - 1 - i : i;
        if (model[at] == text) {
          model.erase(place(at));
          ++wanted;
        } else {
          ++i;
        }
      }
      ASSERT_EQ(list.remove(text, most, from_back), wanted);
    } else if (!model.empty()) {
      size_t index = random.below(model.size());
      int left = 300;
      list.for_each_backwards(index, [&](std::string_view text) {
        EXPECT_EQ(text, model[index]);
        --index;
        return --left > 0;
      });
    }
    ASSERT_EQ(list.size(), model.size());
    if (step % 3000 != 0) continue;
    list.check_invariants();
    ASSERT_EQ(contents(list), std::vector<std::string>(model.begin(), model.end()));
    const auto copy = list.clone();
    copy->check_invariants();
    ASSERT_EQ(contents(*copy), contents(list));
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ListModel,
                         ::testing::Values(Texts::kAlike, Texts::kRandom, Texts::kNumbers,
                                           Texts::kMixed));

}  // namespace
}  // namespace scrubjay::objects
