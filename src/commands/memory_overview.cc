#include "commands/memory_overview.h"

#include <algorithm>

#include "engine/client_memory.h"

namespace scrubjay::commands {

MemoryOverview memory_overview(engine::Services& services) {
  MemoryOverview view;
  view.figures = memory_figures();
  const uint64_t used = view.figures.used;
  view.peak = std::max(used, services.peak_memory.load());
  view.startup = services.startup_memory;
  services.clients.each(
      [&](engine::Client& client) { view.clients += engine::client_bytes(client); });
  for (const auto& worker : services.workers) view.clients += worker->inbox.bytes();
  for (int database = 0; database < services.keyspace.databases(); ++database) {
    const auto size = services.keyspace.size(database, true);
    view.tables += size.table_bytes;
    view.wheels += size.wheel_bytes;
    view.keys += size.keys;
    if (size.keys != 0) view.databases.push_back({database, size});
  }
  const uint64_t bookkeeping = used - view.figures.allocated;
  view.overhead = view.startup + view.clients + view.tables + view.wheels + bookkeeping;
  view.dataset = used > view.overhead ? used - view.overhead : 0;
  view.net = used > view.startup ? used - view.startup : 0;
  return view;
}

double ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

int64_t difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

}  // namespace scrubjay::commands
