// Clients that cache what they read, writers, and a killer of connections on one server. The rule:
// once a write is answered, a client that has taken in the invalidations sent so far serves no
// older value. After each round, when all is quiet, every cache must hold what the server holds,
// and CACHE.INV must tell exactly what changed since a moment.
//
//   stress_invalidation SERVER [OPERATIONS]
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "stress/caching_reader.h"

namespace scrubjay::stress {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

constexpr uint64_t kKeys = 400;      // each written by one writer, with ascending numbers
constexpr uint64_t kVolatile = 200;  // anybody deletes, renames, and lets them expire
constexpr uint64_t kWriters = 2;
constexpr size_t kReads = 64;  // of a batch
constexpr size_t kWrites = 16;
constexpr int kRounds = 10;
constexpr Caching kReaders[] = {Caching::kDefault,   Caching::kDefault,  Caching::kOptIn,
                                Caching::kBroadcast, Caching::kRedirect, Caching::kRedirect,
                                Caching::kLog,       Caching::kLog};

struct Shared {
  int port = 0;
  std::atomic<int64_t> committed[kKeys] = {};  // the newest number whose write was answered
  std::atomic<uint64_t> operations{0};
  std::atomic<uint64_t> hits{0};
  std::atomic<uint64_t> stale{0};
  std::atomic<uint64_t> kills{0};
};

std::string strict_key(uint64_t i) {
  return "k:" + std::to_string(i);
}
std::string volatile_key(uint64_t i) {
  return "v:" + std::to_string(i);
}

void complain(Shared& shared, const char* what, const std::string& key, const std::string& seen) {
  if (shared.stale.fetch_add(1) < 20)
    std::fprintf(stderr, "VIOLATED: %s: %s holds %s\n", what, key.c_str(), seen.c_str());
}

void read_some(Shared& shared, CachingReader& reader, Random& random) {
  struct Wanted {
    std::string key;
    int64_t floor = 0;
  };
  std::vector<Wanted> batch(kReads);
  for (Wanted& wanted : batch) {
    const uint64_t i = random.below(kKeys + kVolatile);
    const bool strict = i < kKeys;
    wanted.key = strict ? strict_key(i) : volatile_key(i - kKeys);
    if (strict) wanted.floor = shared.committed[i].load(std::memory_order_acquire);
  }
  reader.catch_up();
  std::vector<std::string> missing;
  for (const Wanted& wanted : batch) {
    const CachingReader::Value* cached = reader.find(wanted.key);
    if (cached == nullptr) {
      if (std::find(missing.begin(), missing.end(), wanted.key) == missing.end())
        missing.push_back(wanted.key);
      continue;
    }
    ++shared.hits;
    if (wanted.floor > 0 && *cached && std::atoll((*cached)->c_str()) < wanted.floor)
      complain(shared, "an answered write is not seen", wanted.key, **cached);
  }
  reader.fetch(missing);
  shared.operations += kReads;
}

class Writer {
 public:
  Writer(Shared& shared, uint64_t number) : shared_(shared), number_(number) {}

  void write_some() {
    try {
      if (!wire_.is_open()) {
        wire_.connect(shared_.port);
        id = wire_.must({"CLIENT", "ID"}).integer;
      }
      if (random_.below(3) == 0)
        write_volatile();
      else
        write_strict();
      shared_.operations += kWrites;
    } catch (const Broken&) {
      id = 0;
      wire_.close();
    }
  }

  std::atomic<int64_t> id{0};

 private:
  void write_strict() {
    struct Write {
      uint64_t key;
      int64_t number;
    };
    std::vector<Write> writes;
    const uint64_t how = random_.below(4);
    size_t replies = 0;
    Words many{"MSET"};
    if (how == 1) wire_.add({"MULTI"});
    for (size_t i = 0; i < kWrites; ++i) {
      const uint64_t key = random_.below(kKeys / kWriters) * kWriters + number_;
      writes.push_back({key, ++next_});
      many.push_back(strict_key(key));
      many.push_back(std::to_string(next_));
      if (how == 0) continue;
      wire_.add({"SET", strict_key(key), std::to_string(next_)});
      ++replies;
    }
    if (how == 0) {
      wire_.add(many);
      replies = 1;
    }
    if (how == 1) {
      wire_.add({"EXEC"});
      replies += 2;
    }
    wire_.send();
    for (size_t i = 0; i < replies; ++i) {
      wire_.receive();
      // Each write counts as soon as it is answered.
      if (how > 1) commit(writes[i].key, writes[i].number);
    }
    for (const Write& write : writes) commit(write.key, write.number);
  }
  void commit(uint64_t key, int64_t number) {
    if (shared_.committed[key].load(std::memory_order_relaxed) < number)
      shared_.committed[key].store(number, std::memory_order_release);
  }

  void write_volatile() {
    for (size_t i = 0; i < kWrites; ++i) {
      const std::string key = volatile_key(random_.below(kVolatile));
      const std::string value = std::to_string(random_());
      switch (random_.below(8)) {
        case 0:
          wire_.add({"SET", key, value, "PX", std::to_string(1 + random_.below(20))});
          break;
        case 1:
          wire_.add({"DEL", key});
          break;
        case 2:
          wire_.add({"RENAME", key, volatile_key(random_.below(kVolatile))});
          break;
        case 3:
          wire_.add({"APPEND", key, "x"});
          break;
        case 4:
          wire_.add({"PEXPIRE", key, std::to_string(random_.below(20))});
          break;
        case 5:
          // So rarely that caches are worth something.
          if (random_.below(1000) == 0)
            wire_.add({"FLUSHALL"});
          else
            wire_.add({"GETDEL", key});
          break;
        default:
          wire_.add({"SET", key, value});
      }
    }
    wire_.send();
    for (size_t i = 0; i < kWrites; ++i) wire_.receive();
  }

  Shared& shared_;
  const uint64_t number_;
  int64_t next_ = 0;
  Random random_;
  Wire wire_;
};

// All is quiet: each cache holds what the server holds.
void compare_cache(Shared& shared, CachingReader& reader, Wire& wire) {
  reader.catch_up();
  for (const auto& [key, cached] : reader.cache()) {
    const resp::Reply value = wire.ask({"GET", key});
    const CachingReader::Value is =
        value.is_null() ? CachingReader::Value() : CachingReader::Value(value.text);
    if (is != cached) complain(shared, "a quiet cache is stale", key, cached.value_or("nothing"));
  }
}

// What changed since a moment, no more and no less.
void check_log(Shared& shared, Wire& wire, Random& random) {
  const std::string moment = std::to_string(wire.ask({"CACHE.INV", "NOW"}).integer);
  std::set<std::string> changed;
  for (uint64_t left = random.below(30); left > 0; --left) {
    const std::string key = "log:" + std::to_string(random.below(20));
    wire.must({"SET", key, "1"});
    changed.insert(key);
  }
  for (const bool filtered : {false, true}) {
    Words request{"CACHE.INV", "SINCE", moment};
    if (filtered) request.insert(request.end(), {"PREFIX", "log:1"});
    const resp::Reply answer = wire.ask(request);
    std::set<std::string> told;
    for (size_t i = 1; i < answer.items.size(); ++i) told.insert(answer.items[i].text);
    std::set<std::string> wanted;
    for (const std::string& key : changed) {
      if (!filtered || key.starts_with("log:1")) wanted.insert(key);
    }
    if (told != wanted) complain(shared, "CACHE.INV tells other keys", moment, request.back());
  }
}

void play(Shared& shared, uint64_t operations) {
  std::vector<std::unique_ptr<CachingReader>> readers;
  std::vector<std::unique_ptr<Writer>> writers;
  for (const Caching how : kReaders)
    readers.push_back(std::make_unique<CachingReader>(shared.port, how));
  for (uint64_t i = 0; i < kWriters; ++i) writers.push_back(std::make_unique<Writer>(shared, i));
  Wire control;
  control.connect(shared.port);
  Random random;
  for (int round = 1; round <= kRounds; ++round) {
    const uint64_t until = operations * static_cast<uint64_t>(round) / kRounds;
    const auto goes_on = [&] { return shared.operations.load() < until; };
    std::vector<std::thread> threads;
    for (auto& reader : readers) {
      threads.emplace_back([&shared, &goes_on, reader = reader.get()] {
        Random own;
        while (goes_on()) read_some(shared, *reader, own);
      });
    }
    for (auto& writer : writers) {
      threads.emplace_back([&goes_on, writer = writer.get()] {
        while (goes_on()) writer->write_some();
      });
    }
    while (goes_on()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + random.below(8)));
      const uint64_t which = random.below(readers.size() + 1);
      const int64_t id = which < readers.size()
                             ? readers[which]->connection_ids[random.below(2)].load()
                             : writers[random.below(kWriters)]->id.load();
      if (id != 0 && control.ask({"CLIENT", "KILL", "ID", std::to_string(id)}).integer > 0)
        ++shared.kills;
    }
    for (std::thread& thread : threads) thread.join();
    std::this_thread::sleep_for(100ms);  // the last deadlines pass
    for (auto& reader : readers) compare_cache(shared, *reader, control);
    check_log(shared, control, random);
  }
  uint64_t breaks = 0;
  uint64_t missed = 0;
  uint64_t resyncs = 0;
  for (const auto& reader : readers) {
    breaks += reader->breaks;
    missed += reader->missed_keys;
    resyncs += reader->resyncs;
  }
  std::printf(
      "%lu operations, %lu cache hits, %lu stale, %lu kills, %lu breaks, %lu keys asked for after "
      "a break, %lu resyncs\n",
      shared.operations.load(), shared.hits.load(), shared.stale.load(), shared.kills.load(),
      breaks, missed, resyncs);
  if (shared.hits == 0 || missed == 0 || breaks == 0) {
    std::fprintf(stderr, "nothing was put to the test\n");
    ++shared.stale;
  }
}

class Server {
 public:
  Server(const char* path, int port) : pid_(::fork()) {
    if (pid_ != 0) return;
    const std::string text = std::to_string(port);
    ::execl(path, path, "--port", text.c_str(), "--bind", "127.0.0.1", "--threads", "4", "--save",
            "", "--loglevel", "warning", nullptr);
    std::_Exit(127);
  }
  ~Server() { end(); }
  // Its exit code; 1 if it was killed.
  int end() {
    if (pid_ <= 0) return 0;
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  static bool answers(int port) {
    try {
      Wire wire;
      wire.connect(port);
      return wire.ask({"PING"}).text == "PONG";
    } catch (const Broken&) {
      return false;
    }
  }

 private:
  pid_t pid_;
};

}  // namespace
}  // namespace scrubjay::stress

int main(int argc, char** argv) {
  using namespace scrubjay::stress;
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s SERVER [OPERATIONS]\n", argv[0]);
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  const uint64_t operations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200'000;
  const auto shared = std::make_unique<Shared>();
  shared->port = 20'000 + ::getpid() % 10'000;
  Server server(argv[1], shared->port);
  for (int tries = 0; tries < 200 && !Server::answers(shared->port); ++tries)
    std::this_thread::sleep_for(50ms);
  play(*shared, operations);
  const int code = server.end();
  if (code != 0) std::fprintf(stderr, "the server ended with %d\n", code);
  return shared->stale == 0 && code == 0 ? 0 : 1;
}
