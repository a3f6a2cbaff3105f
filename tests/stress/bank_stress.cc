// A bank on one engine without sockets: four threads move money between random accounts, by
// transactions, by scripts with declared and with undeclared keys, and by WATCH. Whoever looks sees
// the same total at every moment, and no half of a transfer.
//
//   stress_bank [SECONDS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/number.h"
#include "commands/table.h"
#include "stress/actor.h"

namespace scrubjay::stress {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint32_t kThreads = 4;
constexpr uint64_t kAccounts = 32;
constexpr int64_t kEach = 1000;
constexpr int64_t kTotal = kEach * static_cast<int64_t>(kAccounts);

std::atomic<int> violations{0};
std::atomic<uint64_t> transfers{0};
std::atomic<uint64_t> lost_races{0};
std::atomic<uint64_t> looks{0};

void expect(bool holds, const char* what, const std::string& seen) {
  if (holds) return;
  if (violations.fetch_add(1) < 20)
    std::fprintf(stderr, "VIOLATED: %s: %.300s\n", what, seen.c_str());
}

std::string account(uint64_t number) {
  return "bank:" + std::to_string(number);
}

const std::string kUndeclared =
    "redis.call('decrby', 'bank:' .. ARGV[1], ARGV[3]) "
    "redis.call('incrby', 'bank:' .. ARGV[2], ARGV[3]) return 1";
const std::string kDeclared =
    "#!lua flags=declared-keys\n"
    "redis.call('decrby', KEYS[1], ARGV[1]) redis.call('incrby', KEYS[2], ARGV[1]) return 1";
const std::string kSum =
    "local sum = 0 for i = 0, tonumber(ARGV[1]) - 1 do "
    "sum = sum + redis.call('get', 'bank:' .. i) end return sum";
const std::string kDeclaredSum =
    "#!lua flags=declared-keys,no-writes\n"
    "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + redis.call('get', key) end return sum";

struct Transfer {
  std::string from;
  std::string to;
  std::string amount;
};

void by_transaction(Actor& actor, const Transfer& t) {
  const auto replies = actor.pipeline(
      {{"MULTI"}, {"DECRBY", t.from, t.amount}, {"INCRBY", t.to, t.amount}, {"EXEC"}});
  expect(replies[3].starts_with("*2\r\n:"), "EXEC runs both halves", replies[3]);
}

void by_undeclared_script(Actor& actor, const Transfer& t) {
  const std::string reply =
      actor.run({"EVAL", kUndeclared, "0", t.from.substr(5), t.to.substr(5), t.amount});
  expect(reply == ":1\r\n", "an undeclared script runs", reply);
}

void by_declared_script(Actor& actor, const Transfer& t) {
  const std::string reply = actor.run({"EVAL", kDeclared, "2", t.from, t.to, t.amount});
  expect(reply == ":1\r\n", "a declared script runs", reply);
}

void by_watch(Actor& actor, const Transfer& t) {
  if (t.from == t.to) return;
  actor.run({"WATCH", t.from, t.to});
  const int64_t from = parse_int64(bulk_of(actor.run({"GET", t.from}))).value_or(0);
  const int64_t to = parse_int64(bulk_of(actor.run({"GET", t.to}))).value_or(0);
  const int64_t amount = parse_int64(t.amount).value_or(0);
  const auto replies = actor.pipeline({{"MULTI"},
                                       {"SET", t.from, std::to_string(from - amount)},
                                       {"SET", t.to, std::to_string(to + amount)},
                                       {"EXEC"}});
  if (replies[3] == "*-1\r\n")
    lost_races.fetch_add(1);
  else
    expect(replies[3] == "*2\r\n+OK\r\n+OK\r\n", "EXEC answers null or its replies", replies[3]);
}

// An access that was not declared is refused, and nothing of it happens.
void try_undeclared_access(Actor& actor) {
  const std::string reply =
      actor.run({"EVAL", "#!lua flags=declared-keys\nreturn redis.call('incrby', 'bank:1', 7)", "1",
                 "bank:0"});
  expect(reply.starts_with("-ERR Script attempted to access a key"), "undeclared access is refused",
         reply);
}

int64_t sum_of(const std::vector<std::string>& values) {
  int64_t sum = 0;
  for (const std::string& value : values) sum += parse_int64(value).value_or(-1'000'000'000);
  return sum;
}

void look(Actor& actor) {
  Words all{"MGET"};
  for (uint64_t i = 0; i < kAccounts; ++i) all.push_back(account(i));
  const std::string expected = ":" + std::to_string(kTotal) + "\r\n";
  std::string seen;
  looks.fetch_add(1);
  switch (actor.random().below(4)) {
    case 0: {
      seen = actor.run(all);
      return expect(sum_of(bulks_of(seen)) == kTotal, "MGET sees the total", seen);
    }
    case 1: {
      std::vector<Words> requests{{"MULTI"}};
      for (uint64_t i = 0; i < kAccounts; ++i) requests.push_back({"GET", account(i)});
      requests.push_back({"EXEC"});
      seen = actor.pipeline(requests).back();
      return expect(sum_of(bulks_of(seen)) == kTotal, "EXEC sees the total", seen);
    }
    case 2:
      seen = actor.run({"EVAL", kSum, "0", std::to_string(kAccounts)});
      return expect(seen == expected, "a script sees the total", seen);
    default: {
      Words words{"EVAL_RO", kDeclaredSum, std::to_string(kAccounts)};
      words.insert(words.end(), all.begin() + 1, all.end());
      seen = actor.run(words);
      return expect(seen == expected, "a script with declared keys sees the total", seen);
    }
  }
}

void act(Actor& actor) {
  const uint64_t dice = actor.random().below(100);
  if (dice < 15) return look(actor);
  if (dice < 17) return try_undeclared_access(actor);
  const Transfer transfer{account(actor.random().below(kAccounts)),
                          account(actor.random().below(kAccounts)),
                          std::to_string(1 + actor.random().below(100))};
  transfers.fetch_add(1);
  if (dice < 38) return by_transaction(actor, transfer);
  if (dice < 58) return by_undeclared_script(actor, transfer);
  if (dice < 79) return by_declared_script(actor, transfer);
  by_watch(actor, transfer);
}

void play(std::chrono::seconds duration) {
  const Clock clock;
  const schema::CommandTable commands(commands::all_rows());
  engine::Services services(clock, config::Config{}, commands, kThreads);
  engine::Dispatcher dispatcher(services);
  {
    Actor first(services, 0);
    for (uint64_t i = 0; i < kAccounts; ++i) first.run({"SET", account(i), std::to_string(kEach)});
  }
  // Threads live for some seconds: TSan's runtime keeps every setjmp of Lua until its thread ends.
  constexpr std::chrono::seconds kRound{5};
  const auto end = SteadyClock::now() + duration;
  while (SteadyClock::now() < end) {
    const auto round_end = std::min(end, SteadyClock::now() + kRound);
    std::vector<std::thread> threads;
    for (uint32_t number = 0; number < kThreads; ++number) {
      threads.emplace_back([&, number] {
        Actor actor(services, number);
        while (SteadyClock::now() < round_end && violations.load() < 20) act(actor);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  Actor last(services, 0);
  for (int i = 0; i < 16; ++i) look(last);
}

}  // namespace
}  // namespace scrubjay::stress

int main(int argc, char** argv) {
  using namespace scrubjay::stress;
  play(std::chrono::seconds(argc > 1 ? std::atoi(argv[1]) : 5));
  std::printf("%llu transfers, %llu lost to another writer, %llu looks\n",
              static_cast<unsigned long long>(transfers.load()),
              static_cast<unsigned long long>(lost_races.load()),
              static_cast<unsigned long long>(looks.load()));
  std::printf("%d violations\n", violations.load());
  return violations.load() == 0 ? 0 : 1;
}
