// What a change of a key sets off besides the change itself: keyspace events. Called under the lock
// of the key's stripe, so that who listens learns of changes of a key in their order.
#pragma once

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

 private:
  void publish_event(const store::Change& change);

  Services& services_;
  Worker& worker_;
  std::string channel_;
};

}  // namespace scrubjay::engine
