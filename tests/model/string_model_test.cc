// A million random commands over few keys, on a moving clock, compared reply by reply with the model.
#include <cstdlib>
#include <deque>
#include <random>
#include <set>

#include "model/string_model.h"
#include "support/engine_fixture.h"

namespace scrubjay {
namespace {

using test::StringModel;

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class StringModelTest : public test::EngineFixture {
 protected:
  const uint64_t seed_ = from_environment("SCRUBJAY_MODEL_SEED", 20261123);
  std::mt19937_64 random_{seed_};
  StringModel model_;
  std::deque<std::string> history_;

  uint64_t below(uint64_t bound) { return random_() % bound; }
  std::string key() { return "k" + std::to_string(below(12)); }
  std::string value() {
    switch (below(8)) {
      case 0: return std::string(16'000 + below(2000), 'b');  // around the size of shared blocks
      case 1: return std::string(below(300), 'm');
      case 2:
      case 3: return std::to_string(static_cast<int64_t>(random_()) >> below(63));
      default: return std::string(below(60), 's');
    }
  }
  std::string amount() { return std::to_string(1 + below(200)); }

  StringModel::Words random_command() {
    static const std::vector<std::string> kConditions{"NX", "XX", "GT", "LT"};
    const auto database = [&] { return std::to_string(below(StringModel::kDatabases)); };
    switch (below(34)) {
      case 0: case 1: case 2: return {"SET", key(), value()};
      case 3: return {"SET", key(), value(), "PX", amount()};
      case 4: return {"SET", key(), value(), "EX", "1", below(2) ? "NX" : "XX"};
      case 5: return {"SET", key(), value(), "KEEPTTL", "GET"};
      case 6: return {"SET", key(), value(), "PXAT", std::to_string(clock_.now_ms() + 50)};
      case 7: case 8: case 9: return {"GET", key()};
      case 10: return {"GETEX", key(), "PX", amount()};
      case 11: return below(2) ? StringModel::Words{"GETEX", key(), "PERSIST"} : StringModel::Words{"GETEX", key()};
      case 12: return {"GETDEL", key()};
      case 13: return {"GETSET", key(), value()};
      case 14: return {"MGET", key(), key(), key()};
      case 15: return {below(2) ? "MSET" : "MSETNX", key(), value(), key(), value()};
      case 16: return {"APPEND", key(), value()};
      case 17: return {"STRLEN", key()};
      case 18: return {"SETRANGE", key(), std::to_string(below(300)), "patch"};
      case 19: return {"GETRANGE", key(), std::to_string(below(50)), std::to_string(below(20'000))};
      case 20: return {"SETBIT", key(), std::to_string(below(2000)), below(2) ? "1" : "0"};
      case 21: return {"INCR", key()};
      case 22: return {below(2) ? "INCRBY" : "DECRBY", key(), std::to_string(static_cast<int64_t>(random_() >> 1))};
      case 23: return {"DEL", key(), key()};
      case 24: return {"EXISTS", key(), key()};
      case 25: return {"PEXPIRE", key(), amount()};
      case 26: return {"PEXPIRE", key(), amount(), kConditions[below(4)]};
      case 27: return {"PEXPIREAT", key(), std::to_string(clock_.now_ms() + static_cast<int64_t>(below(100)) - 20)};
      case 28: return {below(2) ? "PTTL" : "PEXPIRETIME", key()};
      case 29: return {"PERSIST", key()};
      case 30: return {below(2) ? "RENAME" : "RENAMENX", key(), key()};
      case 31: return below(2) ? StringModel::Words{"COPY", key(), key(), "DB", database(), "REPLACE"}
                               : StringModel::Words{"COPY", key(), key()};
      case 32: return {"MOVE", key(), database()};
      default:
        if (below(20) == 0) return {"FLUSHDB"};
        if (below(10) == 0) return {"SWAPDB", database(), database()};
        return {"SELECT", database()};
    }
  }

  std::string told() const {
    std::string text = "seed " + std::to_string(seed_) + ":\n";
    for (const std::string& line : history_) text += line + "\n";
    return text;
  }

  void compare(const StringModel::Words& words) {
    std::string line = std::to_string(clock_.now_ms() - kStartMs) + " ms:";
    for (const std::string& word : words) line += " " + word.substr(0, 40);
    history_.push_back(line);
    if (history_.size() > 20) history_.pop_front();
    const std::string wanted = model_.run(words, clock_.now_ms());
    ASSERT_EQ(run_words(words).substr(0, 400), wanted.substr(0, 400)) << told();
  }

  void compare_keys() {
    std::set<std::string> found;
    std::string cursor = "0";
    do {
      const std::string reply = run("SCAN " + cursor + " COUNT " + std::to_string(1 + below(5)));
      resp::RequestBatch parts;
      cursor = reply.substr(reply.find("\r\n", 4) + 2);  // behind "*2\r\n$n\r\n"
      cursor = cursor.substr(0, cursor.find("\r\n"));
      for (size_t at = reply.find("\r\nk"); at != std::string::npos; at = reply.find("\r\nk", at + 2)) {
        found.insert(reply.substr(at + 2, reply.find("\r\n", at + 2) - at - 2));
      }
    } while (cursor != "0");
    const auto wanted = model_.keys(model_.database(), clock_.now_ms());
    ASSERT_EQ(std::vector<std::string>(found.begin(), found.end()), wanted) << told();
  }
};

TEST_F(StringModelTest, RandomCommandsAnswerAsTheModel) {
  const uint64_t commands = from_environment("SCRUBJAY_MODEL_COMMANDS", 1'000'000);
  for (uint64_t i = 0; i < commands; ++i) {
    compare(random_command());
    if (HasFatalFailure()) return;
    const uint64_t chance = below(100);
    if (chance < 4) clock_.advance(std::chrono::milliseconds(below(60)));
    else if (chance < 5) advance(std::chrono::milliseconds(below(60)));
    if (i % 1000 == 0) compare_keys();
    if (i % 10'000 == 0) check_invariants();
    if (HasFatalFailure()) return;
  }
}

// Two clients: EXEC answers nil exactly when the other one's command changed the watched key.
TEST_F(StringModelTest, WatchSeesEveryChangeOfTheOther) {
  const uint64_t rounds = from_environment("SCRUBJAY_MODEL_COMMANDS", 1'000'000) / 100;
  for (uint64_t i = 0; i < rounds; ++i) {
    const std::string watched = key();
    const std::string before = run("GET " + watched);
    const std::string deadline_before = run("PEXPIRETIME " + watched);
    run("WATCH " + watched);
    const std::string other_key = key();
    const bool writes = below(2) == 0;
    if (writes) run("SET " + other_key + " x" + std::to_string(i), "other");
    else run("GET " + other_key, "other");
    run("MULTI");
    run("SET " + watched + " mine");
    const std::string reply = run("EXEC");
    if (writes && other_key == watched) EXPECT_EQ(reply, "*-1\r\n");
    else EXPECT_EQ(reply, "*1\r\n+OK\r\n");
  }
}

}  // namespace
}  // namespace scrubjay
