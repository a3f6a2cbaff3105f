#include "stress/jobs.h"

#include <mutex>

#include "base/number.h"
#include "store/stripe.h"

namespace scrubjay::stress {
namespace {

constexpr uint64_t kQueues = 3;

std::string queue(Actor& actor) {
  return "jobs:" + std::to_string(actor.random().below(kQueues));
}

}  // namespace

void Jobs::act(Actor& actor) {
  if (actor.random().below(2) == 0)
    push(actor);
  else
    take(actor);
}

void Jobs::push(Actor& actor) {
  Words words{actor.random().below(2) == 0 ? "LPUSH" : "RPUSH", queue(actor)};
  const size_t count = 1 + actor.random().below(3);
  const size_t first = pushed_.fetch_add(count);
  if (first + count > kMost) return void(pushed_.fetch_sub(count));
  for (size_t i = 0; i < count; ++i) words.push_back(std::to_string(first + i));
  if (actor.random().below(4) == 0)
    actor.pipeline({{"MULTI"}, words, {"EXEC"}});
  else
    actor.run(words);
}

void Jobs::took(const std::string& job) {
  const auto number = parse_int64(job);
  if (!number || seen_[static_cast<size_t>(*number)].exchange(1) != 0) return void(++twice_);
  ++taken_;
}

void Jobs::take(Actor& actor) {
  constexpr int64_t kPatienceMs = 3;
  switch (actor.random().below(4)) {
    case 0: {
      const auto reply =
          bulks_of(actor.wait({"BLPOP", "jobs:0", "jobs:1", "jobs:2", "0"}, kPatienceMs));
      if (reply.size() == 2) took(reply[1]);
      return;
    }
    case 1: {
      const auto reply = bulks_of(actor.wait({"BRPOP", queue(actor), "0"}, kPatienceMs));
      if (reply.size() == 2) took(reply[1]);
      return;
    }
    case 2:
      // The job goes on to another queue.
      actor.wait({"BLMOVE", queue(actor), queue(actor), "LEFT", "RIGHT", "0"}, kPatienceMs);
      return;
    default: {
      const std::string job = bulk_of(actor.run({"LPOP", queue(actor)}));
      if (job != "(nil)") took(job);
    }
  }
}

std::string Jobs::check(Actor& actor) {
  for (uint64_t i = 0; i < kQueues; ++i) {
    for (;;) {
      const std::string job = bulk_of(actor.run({"LPOP", "jobs:" + std::to_string(i)}));
      if (job == "(nil)") break;
      took(job);
    }
  }
  if (twice_ == 0 && taken_ == pushed_) return "";
  return std::to_string(pushed_) + " jobs pushed, " + std::to_string(taken_) + " taken, " +
         std::to_string(twice_) + " twice";
}

std::string Jobs::check_waiters(store::Keyspace& keyspace) {
  std::string found;
  keyspace.each_stripe(false, [&](store::Stripe& stripe) {
    for (const auto& [name, waiters] : stripe.waiting) {
      if (!name.key.starts_with("jobs:") || waiters.empty()) continue;
      const store::Shelf* const shelf = stripe.shelf(name.database);
      if (shelf == nullptr) continue;
      const auto slot = shelf->table.find(
          hash_of(name.key), [&](const store::Entry* entry) { return entry->key() == name.key; });
      if (slot) found = name.key;
    }
  });
  return found;
}

}  // namespace scrubjay::stress
