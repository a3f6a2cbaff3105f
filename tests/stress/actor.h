// One thread of the stress test: a worker of the engine with a client of its own, driven as a
// session drives it but without a socket. Everything here belongs to its thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "engine/dispatcher.h"
#include "engine/maintenance.h"

namespace scrubjay::stress {

using Words = std::vector<std::string>;

class Actor {
 public:
  Actor(engine::Services& services, uint32_t number);
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  uint32_t number() const { return number_; }
  engine::Client& client() { return client_; }
  Random& random() { return random_; }
  bool knows(std::string_view command) const;

  // Runs the requests as one pipeline; the replies' bytes, one for each request.
  std::vector<std::string> pipeline(const std::vector<Words>& requests);
  std::string run(const Words& request) { return pipeline({request})[0]; }
  std::string line(std::string_view text);

  // Runs a command that may wait, until it is served or `patience_ms` have passed.
  std::string wait(const Words& request, int64_t patience_ms);

  // Turns the wheels of this thread's stripes, as an I/O thread does between requests.
  void maintain();

 private:
  engine::Services& services_;
  engine::Worker& worker_;
  const uint32_t number_;
  engine::Client client_;
  engine::Maintenance maintenance_;
  Random random_;
};

// What an integer reply says; `otherwise` for any other reply.
int64_t integer_of(std::string_view reply, int64_t otherwise);
// The bytes of a bulk reply, or "(nil)".
std::string bulk_of(std::string_view reply);
// The bulk strings of a flat array reply, "(nil)" for null.
std::vector<std::string> bulks_of(std::string_view reply);

}  // namespace scrubjay::stress
