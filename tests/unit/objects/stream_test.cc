// Streams against a std::map, and what XINFO tells of groups.
#include "objects/stream.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace scrubjay::objects {
namespace {

using Pairs = std::vector<std::string>;  // field, value, field, value ...
using Model = std::map<StreamId, Pairs>;

Pairs pairs_of(const Stream::EntryRef& entry) {
  Pairs pairs;
  entry.for_each_pair([&](std::string_view field, std::string_view value) {
    pairs.emplace_back(field);
    pairs.emplace_back(value);
  });
  EXPECT_EQ(pairs.size(), 2 * entry.pairs());
  return pairs;
}

Model read(const Stream& stream, const StreamId& from, const StreamId& to) {
  Model all;
  std::optional<StreamId> last;
  stream.for_each(from, to, [&](const Stream::EntryRef& entry) {
    EXPECT_TRUE(!last || *last < entry.id());
    last = entry.id();
    all.emplace(entry.id(), pairs_of(entry));
    return true;
  });
  return all;
}

Model read_backwards(const Stream& stream, const StreamId& from, const StreamId& to) {
  Model all;
  std::optional<StreamId> last;
  stream.for_each_backwards(from, to, [&](const Stream::EntryRef& entry) {
    EXPECT_TRUE(!last || *last > entry.id());
    last = entry.id();
    all.emplace(entry.id(), pairs_of(entry));
    return true;
  });
  return all;
}

void append(Stream& stream, const StreamId& id, const Pairs& pairs, const StreamLimits& limits) {
  const std::vector<std::string_view> views(pairs.begin(), pairs.end());
  stream.append(id, views, limits);
}

TEST(Stream, KeepsEveryKindOfValue) {
  const std::vector<std::string> values = {
      "",
      "0",
      "-0",
      "007",
      "user:1",
      "user:12345",
      "user:",
      "use",
      std::string(63, 'a'),
      std::string(64, 'a'),
      std::string(255, 'a'),
      std::string(256, 'a'),
      std::string(300, 'a') + "b",
      std::string(5000, 'a'),
      std::string(70'000, 'a'),
      "9223372036854775807",
      "-9223372036854775808",
      "9223372036854775808",
      "127",
      "128",
      "-4096",
      "1700000000000",
      std::string("\0\xff\n", 3),
  };
  for (const std::string& first : values) {
    Stream stream;
    append(stream, {1, 1}, {"f", first, "g", "constant"}, {0, 0});
    for (size_t i = 0; i < values.size(); ++i)
      append(stream, {2, i}, {"f", values[i], "g", "constant"}, {0, 0});
    ASSERT_EQ(stream.chunk_count(), 1u);
    stream.check_invariants();
    const Model all = read(stream, {}, StreamId::max());
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(all.at({2, i}), (Pairs{"f", values[i], "g", "constant"}));
  }
}

TEST(Stream, KeepsIdsOfAnyDistance) {
  const std::vector<StreamId> ids = {
      {0, 1},  {0, 2},  {0, 4},  {0, UINT64_MAX},        {1, 0},          {1, 1},
      {31, 0}, {62, 5}, {62, 6}, {1'700'000'000'000, 0}, {UINT64_MAX, 0}, StreamId::max()};
  Stream stream;
  for (const StreamId& id : ids) append(stream, id, {"f", "v"}, {0, 0});
  std::vector<StreamId> found;
  stream.for_each({}, StreamId::max(), [&](const Stream::EntryRef& entry) {
    found.push_back(entry.id());
    return true;
  });
  EXPECT_EQ(found, ids);
}

TEST(Stream, ALimitOfEntriesBeginsAChunk) {
  Stream stream;
  for (uint64_t i = 1; i <= 250; ++i) append(stream, {i, 0}, {"f", "v"}, {4096, 100});
  EXPECT_EQ(stream.chunk_count(), 3u);
  EXPECT_EQ(stream.trim({.length = 120, .approximate = true}), 100u);
  EXPECT_EQ(stream.trim({.length = 120}), 30u);
  EXPECT_EQ(stream.first_id(), (StreamId{131, 0}));
}

enum class Shape { kAlike, kNumbers, kRandom, kMixed };

class StreamModel : public ::testing::TestWithParam<Shape> {
 protected:
  std::string draw(Random& random) {
    Shape shape = GetParam();
    if (shape == Shape::kMixed) shape = static_cast<Shape>(random.below(3));
    if (shape == Shape::kAlike) return "some:prefix:" + std::to_string(random.below(100'000));
    if (shape == Shape::kNumbers)
      return std::to_string(static_cast<int64_t>(random()) >> random.below(64));
    std::string text(random.below(30), '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }
  Pairs draw_pairs(Random& random) {
    Pairs pairs;
    const uint64_t form = GetParam() == Shape::kMixed ? random.below(3) : 0;
    const uint64_t count = form == 2 ? 1 + random.below(5) : 3;
    for (uint64_t i = 0; i < count; ++i) {
      pairs.push_back((form == 1 ? "other" : "field") + std::to_string(i));
      pairs.push_back(draw(random));
    }
    return pairs;
  }
};

TEST_P(StreamModel, BehavesAsStdMap) {
  auto stream = std::make_unique<Stream>();
  Model model;
  Random random(static_cast<uint64_t>(GetParam()) + 5);
  StreamId last{1000, 0};
  StreamId max_deleted;
  uint64_t added = 0;
  const auto draw_id = [&] {
    return StreamId{1000 + random.below(last.ms - 1000 + 2), random.below(3)};
  };
  for (int step = 0; step < 12'000; ++step) {
    const uint64_t kind = random.below(100);
    if (kind < 60) {
      last = random.below(3) == 0 ? StreamId{last.ms, last.seq + 1 + random.below(3)}
                                  : StreamId{last.ms + 1 + random.below(60), random.below(2)};
      const Pairs pairs = draw_pairs(random);
      append(*stream, last, pairs, {random.below(2) * 600, 20 * random.below(3)});
      model.emplace(last, pairs);
      ++added;
    } else if (kind < 80) {
      const auto found = model.lower_bound(draw_id());
      const StreamId id = found == model.end() ? draw_id() : found->first;
      const bool there = model.erase(id) > 0;
      ASSERT_EQ(stream->erase(id), there);
      if (there) max_deleted = std::max(max_deleted, id);
    } else if (kind < 84) {
      StreamTrim trim;
      if (random.below(2) == 0)
        trim.length = model.size() - std::min<uint64_t>(model.size(), random.below(40));
      else if (!model.empty())
        trim.below = model.begin()->first.next();
      trim.approximate = random.below(2) == 0;
      trim.limit = trim.approximate ? random.below(100) : 0;
      const auto doomed = stream->doomed_by(trim);
      const uint64_t trimmed = stream->trim(trim);
      ASSERT_EQ(doomed.size(), trimmed);
      if (!trim.approximate) {
        const auto stay =
            trim.length
                ? std::next(model.begin(), static_cast<ptrdiff_t>(model.size() - *trim.length))
                : model.lower_bound(trim.below);
        ASSERT_EQ(trimmed, static_cast<uint64_t>(std::distance(model.begin(), stay)));
      }
      for (const StreamId& id : doomed) {
        ASSERT_EQ(model.begin()->first, id);
        model.erase(model.begin());
      }
    } else if (kind < 97) {
      StreamId from = draw_id();
      StreamId to = draw_id();
      if (to < from) std::swap(from, to);
      const Model wanted(model.lower_bound(from), model.upper_bound(to));
      ASSERT_EQ(read(*stream, from, to), wanted);
      ASSERT_EQ(read_backwards(*stream, from, to), wanted);
    } else {
      stream->check_invariants();
      stream = stream->clone();
      ASSERT_EQ(read(*stream, {}, StreamId::max()), model);
    }
    ASSERT_EQ(stream->size(), model.size());
    ASSERT_EQ(stream->first_id(), model.empty() ? StreamId{} : model.begin()->first);
    ASSERT_EQ(stream->entries_added(), added);
    ASSERT_EQ(stream->max_deleted_id(), max_deleted);
    ASSERT_EQ(stream->last_entry_id(),
              model.empty() ? std::nullopt : std::optional(model.rbegin()->first));
  }
  stream->check_invariants();
}

INSTANTIATE_TEST_SUITE_P(Every, StreamModel,
                         ::testing::Values(Shape::kAlike, Shape::kNumbers, Shape::kRandom,
                                           Shape::kMixed));

TEST(ConsumerGroup, BehavesAsAMapOfOwners) {
  struct Owned {
    std::string consumer;
    uint64_t count;
  };
  auto group = std::make_unique<ConsumerGroup>(StreamId{}, 0);
  std::map<StreamId, Owned> model;
  Random random(3);
  for (int step = 0; step < 60'000; ++step) {
    const StreamId id{random.below(2000), random.below(2)};
    const std::string name = "consumer" + std::to_string(random.below(7));
    const uint64_t kind = random.below(1000);
    if (kind < 500) {
      Consumer* consumer = group->find_consumer(name);
      if (consumer == nullptr) consumer = &group->add_consumer(name, 1);
      group->give(id, *consumer, step, static_cast<uint64_t>(step));
      model[id] = {name, static_cast<uint64_t>(step)};
    } else if (kind < 990) {
      ASSERT_EQ(group->acknowledge(id), model.erase(id) > 0);
    } else if (kind < 993) {
      Consumer* const consumer = group->find_consumer(name);
      if (consumer == nullptr) continue;
      const size_t dropped = group->remove_consumer(*consumer);
      ASSERT_EQ(dropped, std::erase_if(model, [&](const auto& item) {
                  return item.second.consumer == name;
                }));
    } else {
      group = group->clone();
      group->check_invariants();
      std::map<StreamId, Owned> rest = model;
      group->pending().for_each_from({}, [&](const StreamId& at, const Delivery& delivery) {
        const auto found = rest.find(at);
        EXPECT_NE(found, rest.end());
        EXPECT_EQ(delivery.consumer->name, found->second.consumer);
        EXPECT_EQ(delivery.count, found->second.count);
        rest.erase(found);
        return true;
      });
      ASSERT_TRUE(rest.empty());
    }
    ASSERT_EQ(group->pending().size(), model.size());
  }
}

TEST(Stream, LagIsToldWhereItIsKnown) {
  Stream stream;
  ConsumerGroup& group = stream.add_group("g", {}, ConsumerGroup::kUnknown);
  EXPECT_EQ(stream.lag_of(group), 0u);
  for (uint64_t i = 1; i <= 5; ++i) append(stream, {i, 0}, {"f", "v"}, {});
  EXPECT_EQ(stream.lag_of(group), 5u);
  stream.advance(group, {1, 0});
  stream.advance(group, {2, 0});
  EXPECT_EQ(group.entries_read, 2);
  EXPECT_EQ(stream.lag_of(group), 3u);
  stream.erase({4, 0});
  EXPECT_EQ(stream.lag_of(group), std::nullopt);
  stream.advance(group, {5, 0});
  EXPECT_EQ(stream.lag_of(group), 0u);
}

TEST(Stream, WhatWasTrimmedUnreadDoesNotLag) {
  Stream stream;
  ConsumerGroup& group = stream.add_group("g", {}, ConsumerGroup::kUnknown);
  for (uint64_t i = 1; i <= 5; ++i) append(stream, {i, 0}, {"f", "v"}, {});
  stream.advance(group, {1, 0});
  stream.trim({.length = 2});
  EXPECT_EQ(stream.lag_of(group), 2u);
}

}  // namespace
}  // namespace scrubjay::objects
