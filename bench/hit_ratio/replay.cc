#include "replay.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace scrubjay::hit_ratio {

CacheClient::CacheClient(std::uint16_t port, const ReplayPlan& plan)
    : plan_(plan), socket_(load::connect_to(port)), value_(plan.value_bytes, 'x') {}

// The next line without its end; valid until the next call.
std::string_view CacheClient::line() {
  for (;;) {
    const std::size_t end = in_.find("\r\n", at_);
    if (end != std::string::npos) {
      const std::string_view found(in_.data() + at_, end - at_);
      at_ = end + 2;
      return found;
    }
    in_.erase(0, at_);
    at_ = 0;
    const std::size_t size = in_.size();
    constexpr std::size_t kRead = std::size_t{1} << 16;
    in_.resize(size + kRead);
    const ssize_t got = ::recv(socket_.get(), in_.data() + size, kRead, 0);
    if (got <= 0) throw std::system_error(errno, std::generic_category(), "the server went away");
    in_.resize(size + static_cast<std::size_t>(got));
  }
}

void CacheClient::skip(std::size_t bytes) {
  while (in_.size() - at_ < bytes) {
    bytes -= in_.size() - at_;
    in_.clear();
    at_ = 0;
    in_.resize(std::size_t{1} << 16);
    const ssize_t got = ::recv(socket_.get(), in_.data(), in_.size(), 0);
    if (got <= 0) throw std::system_error(errno, std::generic_category(), "the server went away");
    in_.resize(static_cast<std::size_t>(got));
  }
  at_ += bytes;
}

// Reads the reply to a get; whether it was a hit.
bool CacheClient::read_value() {
  const std::string_view head = line();
  if (plan_.protocol == Protocol::kMemcached) {
    if (head == "END") return false;
    skip(plan_.value_bytes + 2);
    line();
    return true;
  }
  if (head == "$-1") return false;
  if (head.empty() || head[0] != '$') throw std::runtime_error(std::string(head));
  skip(plan_.value_bytes + 2);
  return true;
}

void CacheClient::set(const std::vector<std::uint32_t>& keys) {
  if (keys.empty()) return;
  out_.clear();
  for (const std::uint32_t key : keys) {
    if (plan_.protocol == Protocol::kMemcached) {
      fmt::format_to(std::back_inserter(out_), "set k:{:010} 0 0 {}\r\n{}\r\n", key, value_.size(),
                     value_);
    } else {
      fmt::format_to(std::back_inserter(out_),
                     "*3\r\n$3\r\nSET\r\n$12\r\nk:{:010}\r\n${}\r\n{}\r\n", key, value_.size(),
                     value_);
    }
  }
  load::send_all(socket_.get(), out_);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string_view reply = line();
    // memcached has no page left for the size, and can move none at once: it does not store.
    constexpr std::string_view kNoPage = "SERVER_ERROR out of memory storing object";
    if (reply != "+OK" && reply != "STORED" && reply != kNoPage)
      throw std::runtime_error(std::string(reply));
  }
}

void CacheClient::fill(std::size_t keys) {
  std::vector<std::uint32_t> part;
  for (std::size_t key = 0; key < keys; ++key) {
    part.push_back(static_cast<std::uint32_t>(key));
    if (part.size() < plan_.window && key + 1 < keys) continue;
    set(part);
    part.clear();
  }
}

void CacheClient::flush() {
  load::send_all(socket_.get(), plan_.protocol == Protocol::kMemcached
                                    ? "flush_all\r\n"
                                    : "*2\r\n$8\r\nFLUSHALL\r\n$4\r\nSYNC\r\n");
  line();
}

double CacheClient::replay(const Trace& trace) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::uint64_t> seen(trace.unique, 0);  // the last window of each key
  std::vector<std::uint32_t> wanted;
  std::vector<std::uint32_t> missing;
  std::uint64_t hits = 0;
  std::uint64_t window = 0;
  for (std::size_t next = 0; next < trace.keys.size();) {
    ++window;
    wanted.clear();
    missing.clear();
    out_.clear();
    while (next < trace.keys.size() && wanted.size() < plan_.window) {
      const std::uint32_t key = trace.keys[next];
      if (seen[key] == window) break;
      seen[key] = window;
      wanted.push_back(key);
      ++next;
      if (plan_.protocol == Protocol::kMemcached)
        fmt::format_to(std::back_inserter(out_), "get k:{:010}\r\n", key);
      else
        fmt::format_to(std::back_inserter(out_), "*2\r\n$3\r\nGET\r\n$12\r\nk:{:010}\r\n", key);
    }
    load::send_all(socket_.get(), out_);
    for (const std::uint32_t key : wanted) {
      if (read_value())
        ++hits;
      else
        missing.push_back(key);
    }
    set(missing);
    if (plan_.requests_per_second > 0) {
      std::this_thread::sleep_until(start +
                                    std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                        std::chrono::duration<double>(static_cast<double>(next) /
                                                                      plan_.requests_per_second)));
    }
  }
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.keys.size());
}

}  // namespace scrubjay::hit_ratio
