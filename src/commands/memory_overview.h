// Where the server's memory goes, as INFO and MEMORY STATS both show it. The caller holds the
// world.
#pragma once

#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "engine/services.h"

namespace scrubjay::commands {

// All sizes in bytes.
struct MemoryOverview {
  struct Database {
    int number;
    store::Keyspace::DatabaseSize size;
  };

  MemoryFigures figures;
  uint64_t peak = 0;     // of figures.used
  uint64_t startup = 0;  // used before any client came
  uint64_t clients = 0;  // clients and their buffers
  uint64_t tables = 0;   // of all databases
  uint64_t wheels = 0;
  uint64_t keys = 0;      // how many
  uint64_t overhead = 0;  // all that is not data
  uint64_t dataset = 0;
  uint64_t net = 0;                 // used since startup
  std::vector<Database> databases;  // those that hold keys
};

MemoryOverview memory_overview(engine::Services& services);

// a / b, 0 without b.
double ratio(uint64_t a, uint64_t b);

// a - b, negative when b is larger.
int64_t difference(uint64_t a, uint64_t b);

}  // namespace scrubjay::commands
