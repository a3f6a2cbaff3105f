// The questions this benchmark asks. Each scenario starts its servers, measures both and adds its
// figures to the report; it throws std::runtime_error when a server cannot be measured. Used by
// main.cc.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "clock.h"
#include "load_generator.h"
#include "report.h"
#include "requests.h"
#include "server_process.h"

namespace scrubjay::load {

struct Bench {
  ServerCommand ours;
  ServerCommand theirs;
  bool quick = false;
  Report report;
};

void measure_throughput(Bench& bench);
void measure_memory(Bench& bench);
void measure_growth(Bench& bench);
void measure_expiry(Bench& bench);
void measure_collections(Bench& bench);
void measure_million(Bench& bench);
void measure_ten_million(Bench& bench);
void measure_start(Bench& bench);
void measure_tails(Bench& bench);
void measure_contention(Bench& bench);
void measure_threads(Bench& bench);
void measure_geo(Bench& bench);
void measure_hyperloglog(Bench& bench);
void measure_collection_memory(Bench& bench);
void measure_big_delete(Bench& bench);
void measure_streams(Bench& bench);
void measure_bitmaps(Bench& bench);
void measure_scripts(Bench& bench);
void measure_fanout(Bench& bench);
void measure_tracking(Bench& bench);
void measure_eviction(Bench& bench);
void measure_accounting(Bench& bench);

struct Scenario {
  std::string_view name;
  std::string_view question;
  void (*measure)(Bench&);
};
const std::vector<Scenario>& scenarios();

// Writes the plan's keys into a server that is empty, and checks that DBSIZE counts them all.
void fill(const ServerProcess& server, const FillSource::Plan& plan);

// What the server says that its data takes, in bytes.
std::uint64_t used_memory(const ServerProcess& server);

// Sends all of the source.
void fill(const ServerProcess& server, RequestSource& source);
// The same over one connection, so that the requests arrive in order.
void fill_in_order(const ServerProcess& server, RequestSource& source);

// Throws when the server refused a request: a figure made of refusals would flatter.
void expect_no_errors(const LoadResult& result);

}  // namespace scrubjay::load
