// A memcached of its own, ended with the object.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace scrubjay::hit_ratio {

class MemcachedProcess {
 public:
  // Returns when it listens; throws std::runtime_error if it does not within five seconds.
  MemcachedProcess(const std::string& path, std::uint64_t megabytes);
  ~MemcachedProcess();
  MemcachedProcess(const MemcachedProcess&) = delete;
  MemcachedProcess& operator=(const MemcachedProcess&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  void end();

  std::uint16_t port_;
  pid_t pid_ = -1;
};

}  // namespace scrubjay::hit_ratio
