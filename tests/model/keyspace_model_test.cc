// The engine against KeyspaceModel: the reply to every one of a million random commands has to be
// the model's, byte for byte, while the clock moves and two clients watch each other's keys.
//   SCRUBJAY_MODEL_COMMANDS  how many commands (1000000)
//   SCRUBJAY_MODEL_SEED      where the random numbers start (1)
#include "model/keyspace_model.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "model/bulk_strings.h"
#include "model/command_generator.h"
#include "support/engine_fixture.h"

namespace scrubjay::test {
namespace {

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Bytes for people: cut, with what cannot be printed as \xHH.
std::string printable(std::string_view bytes) {
  constexpr size_t kShown = 60;
  std::string text = "\"";
  for (const char c : bytes.substr(0, kShown)) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
      text += c;
    else
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  text += '"';
  if (bytes.size() > kShown) text += fmt::format("... ({} bytes)", bytes.size());
  return text;
}

class ModelTest : public EngineFixture {
 protected:
  // One SCAN loop after the other, a call now and then, over a database that others change.
  struct Scan {
    int database = 0;
    bool running = false;
    std::string cursor;
    std::set<std::string> survivors;  // keys that were there all the time
    std::set<std::string> returned;
  };

  void step() {
    const uint64_t kind = random_.below(1000);
    if (kind < 30)
      move_clock();
    else if (kind < 38)
      walk();
    else if (kind < 70)
      scan();
    else
      command();
    if (scan_.running) forget_lost_keys();
  }

  void command() {
    const int client = random_.one_in(3) ? 1 : 0;
    const Words words = random_.command(model_.client(client).in_multi);
    const std::string reply = send(words, client);
    const std::string wanted = model_.run(words, client);
    if (reply != wanted)
      problem_ = "replied " + printable(reply) + ", expected " + printable(wanted);
  }

  std::string send(const Words& words, int client) {
    auto& place = history_[sent_++ % history_.size()];
    place = {client, model_.now_ms(), words};
    return run_words(words, std::to_string(client));
  }

  void move_clock() {
    const std::chrono::milliseconds by(random_.step_ms());
    if (random_.one_in(2))
      advance(by);  // with active expiry
    else
      clock_.advance(by);
    model_.set_now(clock_.now_ms());
  }

  // What walks over a whole database, from a client of its own; in a transaction it runs
  // differently.
  void walk() {
    constexpr int kWalker = 2;
    advance(std::chrono::milliseconds(0));  // the dead still count until they are removed
    const int database = static_cast<int>(random_.below(CommandGenerator::kDatabases));
    const auto& keys = model_.database(database);
    send({"SELECT", std::to_string(database)}, kWalker);
    const bool in_multi = random_.one_in(2);
    if (in_multi) send({"MULTI"}, kWalker);
    const auto reply_to = [&](const Words& words) {
      std::string reply = send(words, kWalker);
      if (!in_multi) return reply;
      reply = send({"EXEC"}, kWalker).substr(4);  // without "*1\r\n"
      send({"MULTI"}, kWalker);
      return reply;
    };
    if (reply_to({"DBSIZE"}) != fmt::format(":{}\r\n", keys.size())) problem_ = "wrong DBSIZE";
    auto names = bulk_strings(reply_to({"KEYS", "*"}));
    std::sort(names.begin(), names.end());
    const bool same =
        std::equal(names.begin(), names.end(), keys.begin(), keys.end(),
                   [](const auto& name, const auto& key) { return name == key.first; });
    if (!same) problem_ = fmt::format("KEYS: {} keys, expected {}", names.size(), keys.size());
    const auto drawn = bulk_strings(reply_to({"RANDOMKEY"}));
    if (keys.empty() ? !drawn.empty() : drawn.size() != 1 || !keys.contains(drawn[0])) {
      problem_ = "RANDOMKEY: not a key of the database";
    }
    if (in_multi) send({"DISCARD"}, kWalker);
  }

  void scan() {
    constexpr int kScanner = 3;
    if (!scan_.running) {
      scan_ = {static_cast<int>(random_.below(CommandGenerator::kDatabases)), true, "0", {}, {}};
      for (const auto& [key, value] : model_.database(scan_.database)) scan_.survivors.insert(key);
      send({"SELECT", std::to_string(scan_.database)}, kScanner);
    }
    const std::string reply =
        send({"SCAN", scan_.cursor, "COUNT", std::to_string(1 + random_.below(6))}, kScanner);
    const auto strings = bulk_strings(reply);
    if (strings.empty()) {
      problem_ = "SCAN: " + printable(reply);
      return;
    }
    for (size_t i = 1; i < strings.size(); ++i) {
      scan_.returned.insert(strings[i]);
      if (!model_.database(scan_.database).contains(strings[i])) {
        problem_ = "SCAN: " + printable(strings[i]) + " is not there";
      }
    }
    scan_.cursor = strings[0];
    if (scan_.cursor != "0") return;
    scan_.running = false;
    ++scans_;
    for (const std::string& key : scan_.survivors) {
      if (!scan_.returned.contains(key)) problem_ = "SCAN: missed " + printable(key);
    }
  }

  void forget_lost_keys() {
    const auto& keys = model_.database(scan_.database);
    std::erase_if(scan_.survivors, [&](const std::string& key) { return !keys.contains(key); });
  }

  std::string history() const {
    std::string text;
    const size_t shown = std::min(sent_, history_.size());
    for (size_t i = sent_ - shown; i < sent_; ++i) {
      const Sent& sent = history_[i % history_.size()];
      text += fmt::format("\n  client {} at {}:", sent.client, sent.now_ms);
      for (const std::string& word : sent.words) text += " " + printable(word);
    }
    return text;
  }

  struct Sent {
    int client = 0;
    int64_t now_ms = 0;
    Words words;
  };

  const uint64_t seed_ = number_from_environment("SCRUBJAY_MODEL_SEED", 1);
  KeyspaceModel model_{kStartMs};
  CommandGenerator random_{seed_, model_};
  Scan scan_;
  size_t scans_ = 0;
  std::array<Sent, 20> history_;
  size_t sent_ = 0;
  std::string problem_;
};

TEST_F(ModelTest, EveryReplyIsTheModels) {
  constexpr uint64_t kBetweenChecks = 5000;
  const uint64_t count = number_from_environment("SCRUBJAY_MODEL_COMMANDS", 1'000'000);
  for (uint64_t i = 0; i < count; ++i) {
    step();
    if (!problem_.empty()) {
      FAIL() << "seed " << seed_ << ", step " << i << ": " << problem_
             << "\nThe last commands:" << history();
    }
    if (i % kBetweenChecks == 0) check_invariants();
  }
  EXPECT_GE(scans_, count / 10'000);
}

}  // namespace
}  // namespace scrubjay::test
