// Short replies of one round of events, held until all of its requests are executed and then sent
// one socket after the other. A client that has nothing else to do sleeps until its reply comes,
// and to wake one is the dearest part of sending: held together, one wake serves many replies.
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
  // Nobody's reply waits for others longer than about this, one slow command aside.
  static constexpr int64_t kMaxHoldNs = 100'000;

  struct Letter {
    Session* session;
    size_t from;
    size_t to;
  };

  bool empty() const { return letters_.empty(); }
  void put(Session& session, std::string_view replies, int64_t now_ns) {
    if (letters_.empty()) since_ns_ = now_ns;
    const size_t from = bytes_.size();
    bytes_ += replies;
    if (!letters_.empty() && letters_.back().session == &session)
      letters_.back().to = bytes_.size();
    else
      letters_.push_back({&session, from, bytes_.size()});
  }
  bool is_due(int64_t now_ns) const {
    constexpr size_t kFull = 64 * 1024;
    return !empty() && (now_ns - since_ns_ > kMaxHoldNs || bytes_.size() > kFull);
  }

  // Calls f(session, bytes) for each, in order; the outbox is empty meanwhile and afterwards.
  template <class F>
  void empty_into(F&& f) {
    sending_bytes_.swap(bytes_);
    sending_letters_.swap(letters_);
    const std::string_view bytes = sending_bytes_;
    for (const Letter& letter : sending_letters_)
      f(*letter.session, bytes.substr(letter.from, letter.to - letter.from));
    sending_bytes_.clear();
    sending_letters_.clear();
  }

 private:
  std::string bytes_;
  std::vector<Letter> letters_;
  std::string sending_bytes_;
  std::vector<Letter> sending_letters_;
  int64_t since_ns_ = 0;
};

}  // namespace scrubjay::net
