// Short replies of one round of events, held until all of its requests are executed
// and then sent, one write for each client. A client that has nothing else to do sleeps until
// something comes, and to wake one is the dearest part of sending: held together, one wake serves
// many. Used by its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::net {

class Session;

class Outbox {
 public:
  // More than this goes to its socket at once.
  static constexpr size_t kMaxReply = 16 * 1024;
  static constexpr size_t kNoSlot = SIZE_MAX;

  bool empty() const { return used_ == 0; }
  // Puts the bytes, head and rest, behind what is held for the session already.
  void put(Session& session, std::string_view head, std::string_view rest, int64_t now_ns);
  // Takes out what is held for the session.
  std::string_view take(Session& session);
  // Nobody's reply waits for others much longer than 0.1 ms (one slow command aside).
  bool is_due(int64_t now_ns) const;
  // Sends everything; it is empty meanwhile and afterwards.
  void send();

 private:
  struct Slot {
    Session* session = nullptr;
    std::string bytes;
  };
  std::vector<Slot> slots_;  // more than are used: their memory stays
  size_t used_ = 0;
  size_t bytes_ = 0;
  int64_t since_ns_ = 0;
  std::vector<Slot> sending_;
  bool busy_ = false;  // a session that breaks while it is sent to comes back here
};

}  // namespace scrubjay::net
