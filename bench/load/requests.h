// What is sent: prepared tapes of random requests, and fills that write each key once. Used by the
// scenarios, read by the load generator; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::load {

void append_request(std::string& out, std::initializer_list<std::string_view> arguments);
void append_request(std::string& out, const std::vector<std::string>& arguments);
std::string request(std::initializer_list<std::string_view> arguments);

// Keys are "memtier-key:100000" and up: six digits, then seven.
inline constexpr std::uint64_t kFirstKey = 100000;
std::string key_name(std::uint64_t index);

struct Batch {
  std::string_view bytes;  // valid until the next call
  std::size_t requests = 0;
};

class RequestSource {
 public:
  virtual ~RequestSource() = default;
  // Up to `depth` requests; none when the source is exhausted.
  virtual Batch next(std::size_t depth) = 0;
};

// Requests written down once and played round and round.
class RequestTape final : public RequestSource {
 public:
  // `write` appends one request to the tape.
  RequestTape(std::size_t requests, const std::function<void(std::string&)>& write);
  Batch next(std::size_t depth) override;

 private:
  std::string bytes_;
  std::vector<std::size_t> starts_;  // one more than there are requests
  std::size_t position_ = 0;
};

// Requests 0..count-1, written as they are asked for, each once.
class CountedSource final : public RequestSource {
 public:
  // `write` appends the request with this number.
  CountedSource(std::uint64_t count, std::function<void(std::string&, std::uint64_t)> write)
      : count_(count), write_(std::move(write)) {}
  Batch next(std::size_t depth) override;

 private:
  std::uint64_t count_;
  std::function<void(std::string&, std::uint64_t)> write_;
  std::string scratch_;
  std::uint64_t written_ = 0;
};

// SETs keys 0..count-1, each once, in order.
class FillSource final : public RequestSource {
 public:
  enum class Ttl { kNone, kSpreadSeconds, kDeadline };
  struct Plan {
    std::uint64_t keys = 0;
    std::size_t value_bytes = 32;
    Ttl ttl = Ttl::kNone;       // kSpreadSeconds: EX between one and two hours
    std::int64_t deadline = 0;  // for kDeadline: Unix time in milliseconds
  };
  explicit FillSource(const Plan& plan);
  Batch next(std::size_t depth) override;
  // Keys handed out so far.
  std::uint64_t written() const { return written_; }

 private:
  Plan plan_;
  std::string value_;
  std::string deadline_;
  std::string scratch_;
  std::uint64_t written_ = 0;
};

}  // namespace scrubjay::load
