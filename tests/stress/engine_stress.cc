// Four threads on one engine without sockets, on few keys, while each turns its wheels: what a
// client can see must hold at every moment, and under TSan no access may race. Commands that the
// table does not know are left out.
//
//   stress_engine [SECONDS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/memory.h"
#include "base/number.h"
#include "commands/table.h"
#include "stress/actor.h"
#include "stress/jobs.h"

namespace scrubjay::stress {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr uint32_t kThreads = 4;
constexpr int kCounters = 4;
constexpr int kStaying = 300;
constexpr uint64_t kEvictionRoom = 100'000;  // bytes: less than two long values and their copies

std::atomic<int> violations{0};

void expect(bool holds, const char* what, const std::string& seen = "") {
  if (holds) return;
  if (violations.fetch_add(1) < 20) {
    std::fprintf(stderr, "VIOLATED: %s: %.200s\n", what, seen.c_str());
  }
}

std::string name(const char* kind, uint64_t number) {
  return kind + std::to_string(number);
}

// What all threads add up.
struct Totals {
  std::atomic<int64_t> increments[kCounters] = {};
  std::atomic<int64_t> optimistic{0};
  std::atomic<uint64_t> steps{0};
  Jobs jobs;
};

// -- what one step of a thread does
// ----------------------------------------------------------------

void count_up(Actor& actor, Totals& totals) {
  std::vector<Words> requests;
  std::vector<uint64_t> which;
  for (uint64_t left = 1 + actor.random().below(8); left > 0; --left) {
    which.push_back(actor.random().below(kCounters));
    requests.push_back({"INCR", name("counter:", which.back())});
  }
  const auto replies = actor.pipeline(requests);
  for (size_t i = 0; i < replies.size(); ++i) {
    expect(integer_of(replies[i], -1) > 0, "INCR answers a number", replies[i]);
    totals.increments[which[i]].fetch_add(1);
  }
}

// Two keys that are only ever written together are always seen equal.
void write_pair(Actor& actor) {
  const std::string value = std::to_string(actor.random()());
  if (actor.knows("MULTI") && actor.random().below(2) == 0) {
    const auto replies =
        actor.pipeline({{"MULTI"}, {"SET", "pair:a", value}, {"SET", "pair:b", value}, {"EXEC"}});
    expect(replies[3].starts_with("*2\r\n+OK\r\n"), "EXEC runs its queue", replies[3]);
  } else {
    const std::string reply = actor.run({"MSET", "pair:a", value, "pair:b", value});
    expect(reply == "+OK\r\n", "MSET answers OK", reply);
  }
}

void read_pair(Actor& actor) {
  const std::string reply = actor.run({"MGET", "pair:a", "pair:b"});
  const auto values = bulks_of(reply);
  expect(values.size() == 2 && values[0] == values[1], "a pair is seen equal", reply);
}

// A long value is one letter throughout, even when it is read while another thread changes it.
void use_long_value(Actor& actor) {
  const std::string key = name("long:", actor.random().below(2));
  const auto letter = static_cast<char>('a' + actor.random().below(26));
  switch (actor.random().below(3)) {
    case 0:
      actor.run({"SET", key, std::string(20'000 + actor.random().below(20'000), letter)});
      break;
    case 1:
      actor.pipeline({{"GET", key}, {"APPEND", key, ""}, {"DEL", key}});
      break;
    default: {
      const std::string value = bulk_of(actor.run({"GET", key}));
      expect(value == "(nil)" || value.find_first_not_of(value[0]) == std::string::npos,
             "a long value is of one piece");
    }
  }
}

// WATCH: read, then write one more, if nobody wrote meanwhile.
void add_one_optimistically(Actor& actor, Totals& totals) {
  if (!actor.knows("WATCH") || !actor.knows("MULTI")) return;
  actor.run({"WATCH", "optimistic"});
  const std::string value = bulk_of(actor.run({"GET", "optimistic"}));
  const int64_t next = (value == "(nil)" ? 0 : parse_int64(value).value_or(-1)) + 1;
  const auto replies =
      actor.pipeline({{"MULTI"}, {"SET", "optimistic", std::to_string(next)}, {"EXEC"}});
  if (replies[2] == "*1\r\n+OK\r\n")
    totals.optimistic.fetch_add(1);
  else
    expect(replies[2] == "*-1\r\n", "EXEC answers null or its replies", replies[2]);
}

// A whole scan returns every key that is there throughout.
void scan_all(Actor& actor) {
  if (!actor.knows("SCAN")) return;
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const std::string reply = actor.run({"SCAN", cursor, "MATCH", "stays:*", "COUNT", "50"});
    if (!reply.starts_with("*2\r\n$")) return expect(false, "SCAN answers a cursor", reply);
    cursor = bulk_of(std::string_view(reply).substr(4));
    for (std::string& key : bulks_of(std::string_view(reply).substr(reply.find('*', 1)))) {
      seen.insert(std::move(key));
    }
  } while (cursor != "0");
  expect(seen.size() == kStaying, "a scan sees all keys that stay", std::to_string(seen.size()));
}

void list_clients(Actor& actor) {
  if (!actor.knows("CLIENT")) return;
  const std::string list = actor.run({"CLIENT", "LIST"});
  const auto lines = std::count(list.begin(), list.end(), '\n');
  expect(lines >= 2, "CLIENT LIST shows its own client", list);
}

// Commands on few keys, whose replies do not matter: `#` stands for one of them, `%` for a number.
constexpr std::string_view kChurn[] = {
    "SET # %",
    "SET # % PX 3",
    "SET # % EX 100",
    "GET #",
    "DEL #",
    "DEL # # #",
    "UNLINK # #",
    "INCRBY # 3",
    "APPEND # xyz",
    "GETDEL #",
    "GETEX # PX 5",
    "GETSET # %",
    "SETRANGE # 40 abc",
    "GETRANGE # 0 -1",
    "STRLEN #",
    "MSETNX # 1 # 2",
    "EXPIRE # 1",
    "PEXPIRE # 2",
    "PERSIST #",
    "TTL #",
    "PEXPIRETIME #",
    "RENAME # #",
    "RENAMENX # #",
    "COPY # # REPLACE",
    "COPY # # DB 3",
    "MOVE # 2",
    "EXISTS # #",
    "TOUCH # #",
    "TYPE #",
    "RANDOMKEY",
    "DBSIZE",
    "OBJECT ENCODING #",
    "OBJECT FREQ #",
    "MEMORY USAGE #",
    "KEYS churn:*",
    "LCS # #",
    "INCRBYFLOAT # 1.5",
    "SETNX # %",
    "PSETEX # 4 v",
    "DUMP #",
    "LPUSH # % % %",
    "RPUSH # %",
    "LPOP #",
    "RPOP # 2",
    "LRANGE # 0 -1",
    "LMOVE # # LEFT RIGHT",
    "LTRIM # 0 20",
    "HSET # f:% % g:% value",
    "HGETALL #",
    "HDEL # f:% f:%",
    "HPEXPIRE # 3 FIELDS 1 f:%",
    "HINCRBY # f:% 1",
    "SADD # % % member:%",
    "SREM # % %",
    "SPOP #",
    "SMEMBERS #",
    "SUNIONSTORE # # #",
    "SINTER # #",
    "ZADD # % m:% % m:%",
    "ZREM # m:%",
    "ZRANGE # 0 -1 WITHSCORES",
    "ZPOPMIN #",
    "ZUNIONSTORE # 2 # #",
    "SORT # ALPHA STORE #",
    "HSCAN # 0",
    "SSCAN # 0 COUNT 100",
};

// What stops the world or looks at other threads.
constexpr std::string_view kOdd[] = {
    "CLIENT LIST",
    "CLIENT INFO",
    "CLIENT KILL ID 999999",
    "CLIENT NO-TOUCH ON",
    "CLIENT NO-TOUCH OFF",
    "INFO",
    "INFO commandstats",
    "CONFIG GET *",
    "CONFIG SET slowlog-log-slower-than 10000",
    "CONFIG SET maxmemory-samples 5",
    "CONFIG RESETSTAT",
    "SLOWLOG GET",
    "SLOWLOG RESET",
    "LATENCY RESET",
    "LATENCY HISTOGRAM",
    "MEMORY STATS",
    "MEMORY DOCTOR",
    "COMMAND COUNT",
    "TIME",
    "LASTSAVE",
    "CLIENT PAUSE 2 WRITE",
    "CLIENT PAUSE 1",
    "CLIENT UNPAUSE",
    "CONFIG SET maxmemory-policy allkeys-lfu",
    "CONFIG SET maxmemory-policy allkeys-lru",
    "DEBUG SLEEP 0",
};
constexpr std::string_view kEmptyingLines[] = {"FLUSHALL",   "FLUSHALL ASYNC", "FLUSHDB",
                                               "SWAPDB 0 1", "SWAPDB 1 2",     "SELECT 0",
                                               "SELECT 1",   "SELECT 2"};

void run_template(Actor& actor, std::string_view text) {
  if (!actor.knows(text.substr(0, text.find(' ')))) return;
  std::string line;
  for (const char c : text) {
    if (c == '#')
      line += name("churn:", actor.random().below(24));
    else if (c == '%')
      line += std::to_string(actor.random().below(1000));
    else
      line += c;
  }
  actor.line(line);
}

template <size_t N>
void run_one_of(Actor& actor, const std::string_view (&lines)[N]) {
  run_template(actor, lines[actor.random().below(N)]);
}

// A transaction over several keys, now and then with a walk in it.
void run_transaction(Actor& actor) {
  if (!actor.knows("MULTI")) return;
  run_template(actor, "WATCH #");
  actor.run({"MULTI"});
  for (uint64_t left = actor.random().below(4); left > 0; --left) run_one_of(actor, kChurn);
  actor.run({actor.random().below(8) == 0 ? "DISCARD" : "EXEC"});
}

// -- phases
// ----------------------------------------------------------------------------------------

enum class Phase { kSums, kEmptying, kEviction };

void act(Actor& actor, Totals& totals, Phase phase) {
  const uint64_t dice = actor.random().below(100);
  if (dice < 45) return run_one_of(actor, kChurn);
  if (dice < 55) return write_pair(actor);
  if (dice < 68) return read_pair(actor);
  if (dice < 78) return use_long_value(actor);
  if (dice < 86) return run_transaction(actor);
  if (dice < 90) return run_one_of(actor, kOdd);
  if (dice < 92 && phase == Phase::kSums) return totals.jobs.act(actor);
  if (phase == Phase::kEmptying) return run_one_of(actor, kEmptyingLines);
  if (dice < 96) return count_up(actor, totals);
  if (dice < 98) return add_one_optimistically(actor, totals);
  return dice < 99 ? list_clients(actor) : scan_all(actor);
}

// Under eviction nothing stays, and writes may be refused: only what cannot break is run.
void act_while_evicting(Actor& actor) {
  const uint64_t dice = actor.random().below(10);
  if (dice < 6) return run_one_of(actor, kChurn);
  if (dice < 9) return use_long_value(actor);
  run_one_of(actor, kOdd);
}

void check_sums(Actor& actor, Totals& totals) {
  for (int i = 0; i < kCounters; ++i) {
    const std::string value =
        bulk_of(actor.run({"GET", name("counter:", static_cast<uint64_t>(i))}));
    const int64_t sum = totals.increments[i];
    expect(value == (sum == 0 ? "(nil)" : std::to_string(sum)), "no INCR is lost", value);
  }
  if (!actor.knows("WATCH")) return;
  const std::string value = bulk_of(actor.run({"GET", "optimistic"}));
  const int64_t sum = totals.optimistic;
  expect(value == (sum == 0 ? "(nil)" : std::to_string(sum)), "no watched write is lost", value);
}

void check_structure(store::Keyspace& keyspace) {
  keyspace.each_stripe(false, [&](store::Stripe& stripe) {
    expect(stripe.watched.empty(), "nothing stays watched");
    expect(stripe.waiting.empty(), "nobody stays filed as waiting");
    for (int database = 0; database < keyspace.databases(); ++database) {
      const store::Shelf* shelf = stripe.shelf(database);
      if (shelf == nullptr) continue;
      shelf->table.check_invariants();
      shelf->wheel.check_invariants();
      size_t timed = 0;
      shelf->table.for_each([&](store::Entry* entry) { timed += entry->has_deadline(); });
      expect(timed == shelf->wheel.size(), "the wheel holds the keys with a deadline");
    }
  });
}

void play(const char* title, Phase phase, std::chrono::milliseconds duration) {
  const Clock clock;
  const schema::CommandTable commands(commands::all_rows());
  config::Config config;
  config.maxmemory_policy = config::EvictionPolicy::kAllkeysLru;
  engine::Services services(clock, config, commands, kThreads);
  if (phase == Phase::kEviction) services.config.maxmemory = used_bytes() + kEvictionRoom;
  engine::Dispatcher dispatcher(services);
  services.keyspace.earlier_deadline = [&services](store::Stripe& stripe, int64_t deadline) {
    engine::Worker& owner = *services.workers[stripe.number % services.workers.size()];
    if (deadline < owner.armed_until.load(std::memory_order_relaxed)) {
      owner.armed_until.store(deadline, std::memory_order_relaxed);
      owner.mailbox.post({.kind = engine::Letter::Kind::kLookAtTimers});
    }
  };
  Totals totals;
  {
    Actor first(services, 0);
    for (uint64_t i = 0; i < kStaying; ++i) first.run({"SET", name("stays:", i), "v"});
  }
  const auto end = SteadyClock::now() + duration;
  std::vector<std::thread> threads;
  for (uint32_t number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      Actor actor(services, number);
      uint64_t steps = 0;
      for (; SteadyClock::now() < end && violations.load() < 20; ++steps) {
        if (phase == Phase::kEviction)
          act_while_evicting(actor);
        else
          act(actor, totals, phase);
        if (steps % 16 == 0) actor.maintain();
        if (steps % 256 == 0) {
          const std::string queue = Jobs::check_waiters(services.keyspace);
          expect(queue.empty(), "nobody waits for a list that is there", queue);
        }
      }
      totals.steps.fetch_add(steps);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Actor last(services, 0);
  if (phase == Phase::kSums) {
    check_sums(last, totals);
    const std::string problem = totals.jobs.check(last);
    expect(problem.empty(), "every job is taken once", problem);
    expect(services.waiters.load() == 0, "nobody is left waiting");
  }
  check_structure(services.keyspace);
  std::printf("%-10s %llu steps, %llu evicted, %llu expired\n", title,
              static_cast<unsigned long long>(totals.steps.load()),
              static_cast<unsigned long long>(services.keyspace.counters(false).evicted),
              static_cast<unsigned long long>(services.keyspace.counters(false).expired));
}

}  // namespace
}  // namespace scrubjay::stress

int main(int argc, char** argv) {
  using namespace scrubjay::stress;
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 9;
  const std::chrono::milliseconds third{seconds * 1000 / 3};
  play("sums", Phase::kSums, third);
  play("emptying", Phase::kEmptying, third);
  play("eviction", Phase::kEviction, third);
  std::printf("%d violations\n", violations.load());
  return violations.load() == 0 ? 0 : 1;
}
