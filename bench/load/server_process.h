// One server under test: started on one core, asked for its CPU time and memory, ended by its pid.
// Used by the scenarios; not thread-safe.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "clock.h"
#include "socket.h"

namespace scrubjay::load {

struct ServerCommand {
  std::string name;  // "ours" or "theirs", for messages
  std::string path;
  std::vector<std::string> arguments;  // beside the port and what keeps it from saving
  int core = 0;
  static constexpr int kAnyCore = -1;
};

struct CpuTime {
  Nanoseconds running{0};
  Nanoseconds waiting{0};   // ready to run, but the core was busy with something else
  std::uint64_t turns = 0;  // how often it got a core
};

// Of one thread, given its schedstat file; a microsecond. `running` is late by what it runs just
// now.
CpuTime read_cpu_time(const FileDescriptor& schedstat);
// Of the calling process's first thread.
CpuTime own_cpu_time();

// Keeps the calling thread, and what it starts, on one core. Throws std::system_error.
void pin_to_core(int core);

// While it lives, the calling thread and what it starts may use all cores.
class AllCores {
 public:
  AllCores();
  ~AllCores();
  AllCores(const AllCores&) = delete;
  AllCores& operator=(const AllCores&) = delete;

 private:
  cpu_set_t before_;
};

class ServerProcess {
 public:
  // Returns when the server answers PING. Throws std::runtime_error, with what the server printed,
  // when it ends or does not answer within ten seconds.
  explicit ServerProcess(const ServerCommand& command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  std::uint16_t port() const { return port_; }
  Nanoseconds started_after() const { return started_after_; }  // until its first PONG
  CpuTime cpu_time() const;                                     // of all its threads
  pid_t pid() const { return pid_; }
  std::uint64_t resident_bytes() const;
  // Some pages wrong, but at once: the exact figure takes tens of milliseconds for gigabytes.
  std::uint64_t roughly_resident_bytes() const;
  std::uint64_t peak_resident_bytes() const;

 private:
  void start(const ServerCommand& command);
  void wait_until_it_answers(const ServerCommand& command);
  bool has_ended();
  void end();
  std::string printed() const;

  std::uint16_t port_;
  pid_t pid_ = -1;
  Nanoseconds started_after_{0};
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> output_;
};

}  // namespace scrubjay::load
