// A whole engine without sockets, on a clock that stands still until a test moves it. After every
// test the invariants of all tables and wheels are checked.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/memory.h"
#include "commands/table.h"
#include "engine/dispatcher.h"
#include "engine/maintenance.h"
#include "resp/request_parser.h"

namespace scrubjay::test {

class EngineFixture : public ::testing::Test {
 protected:
  static constexpr int64_t kStartMs = 1'700'000'000'000;

  EngineFixture()
      : commands_(commands::all_rows()), services_(clock_, config::Config{}, commands_, 1) {
    register_allocating_thread();  // what it has allocated counts
    worker().stamp_ns = clock_.now_ns();
  }

  engine::Worker& worker() { return *services_.workers[0]; }
  engine::Services& services() { return services_; }

  // Another client of the same engine.
  engine::Client& client(const std::string& name = "main") {
    auto& place = clients_[name];
    if (!place) {
      place = std::make_unique<engine::Client>(services_.clients.next_id(), worker());
      place->address = "127.0.0.1:1000";
      place->created_ms = clock_.now_ms();
      services_.clients.add(*place);
    }
    return *place;
  }

  // The reply's bytes. Words as redis-cli reads them.
  std::string run(const std::string& line, const std::string& name = "main") {
    std::vector<std::string> words;
    EXPECT_TRUE(resp::split_words(line, words)) << line;
    return run_words(words, name);
  }
  std::string run_words(const std::vector<std::string>& words, const std::string& name = "main") {
    resp::RequestBatch batch;
    for (const std::string& word : words) batch.arguments.push_back(word);
    batch.requests.push_back({0, static_cast<uint32_t>(words.size()), 0, 0});
    engine::Client& who = client(name);
    resp::ReplyBuffer buffer;
    resp::ReplyBuilder reply(buffer, who.protocol);
    services_.gates.enter(worker().gate);
    worker().stamp_ns = clock_.now_ns();
    std::vector<engine::PreparedRequest> prepared;
    dispatcher_.prepare(batch, 0, 1, who.database, prepared);
    last_outcome_ = dispatcher_.execute(worker(), who, batch.arguments, prepared[0], reply);
    services_.gates.leave(worker().gate);
    return text_of(buffer);
  }

  // Moves the clock and lets maintenance catch up.
  void advance(std::chrono::milliseconds by) {
    clock_.advance(by);
    engine::Maintenance maintenance(services_, worker());
    while (maintenance.run_slice() < clock_.now_ms()) {
    }
  }

  void TearDown() override { check_invariants(); }

  // Of all tables and wheels; needs no running command.
  void check_invariants() {
    services_.keyspace.each_stripe(false, [this](store::Stripe& stripe) {
      for (int database = 0; database < services_.keyspace.databases(); ++database) {
        const store::Shelf* shelf = stripe.shelf(database);
        if (shelf == nullptr) continue;
        shelf->table.check_invariants();
        shelf->wheel.check_invariants();
        shelf->field_wheel.check_invariants();
        size_t timed = 0;
        size_t timed_hashes = 0;
        shelf->table.for_each([&](store::Entry* entry) {
          timed += entry->has_deadline() ? 1 : 0;
          timed_hashes += entry->has_timed_fields() ? 1 : 0;
          entry->check_invariants();
        });
        EXPECT_EQ(timed, shelf->wheel.size());
        EXPECT_EQ(timed_hashes, shelf->field_wheel.size());
      }
    });
  }

  static std::string text_of(const resp::ReplyBuffer& buffer) {
    std::string text;
    size_t from = 0;
    for (const auto& splice : buffer.splices()) {
      text += buffer.own_bytes().substr(from, splice.at - from);
      text += splice.block.view();
      from = splice.at;
    }
    return text + std::string(buffer.own_bytes().substr(from));
  }

  Clock clock_{Clock::kManual, kStartMs};
  schema::CommandTable commands_;
  engine::Services services_;
  engine::Dispatcher dispatcher_{services_};
  std::map<std::string, std::unique_ptr<engine::Client>> clients_;
  engine::Dispatcher::Outcome last_outcome_{};
};

}  // namespace scrubjay::test
