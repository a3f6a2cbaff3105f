// What a change of a key sets off besides the change itself: keyspace events and invalidations.
// Called under the lock of the key's stripe, so that who listens learns of changes of a key in
// their order.
#pragma once

#include <optional>
#include <string>

#include "store/change.h"

namespace scrubjay::engine {

struct Services;
struct Worker;

// Of the changes that one thread makes.
class Effects : public store::ChangeListener {
 public:
  Effects(Services& services, Worker& worker) : services_(services), worker_(worker) {}

  void changed(const store::Change& change) override;
  // The command that made the changes has ended.
  void command_ended() {
    if (late_) [[unlikely]]
      tell_late();
  }

 private:
  void publish_event(const store::Change& change);
  void tell_late();

  // A change that those who cache the key learn of behind its events.
  struct Late {
    std::string key;
    int database;
  };
  Services& services_;
  Worker& worker_;
  std::string channel_;
  std::optional<Late> late_;
};

}  // namespace scrubjay::engine
