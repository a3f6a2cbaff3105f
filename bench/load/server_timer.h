// How much of a wait the server can be blamed for. The load generator's core may be taken away for
// milliseconds while a request or its reply is on its way; a background thread of the server then
// goes on, which delays nobody. So it counts how long the thread that serves ran itself or stood
// ready to run while other threads of the server did. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <optional>
#include <vector>

#include "server_process.h"
#include "socket.h"

namespace scrubjay::load {

class ServerTimer {
 public:
  struct Reading {
    Nanoseconds process{0};  // what all threads have run
    Nanoseconds others{0};   // without the one that serves; late by what runs just now
    CpuTime serving{};
  };

  // The server has started its threads. Of several that serve it can't be told which one does: then
  // it is what all threads run.
  explicit ServerTimer(pid_t pid);

  Reading read() const;  // some microseconds
  // From one reading to another: at most what all threads have run.
  Nanoseconds served(const Reading& before, const Reading& after) const;

 private:
  clockid_t clock_{};
  std::optional<FileDescriptor> serving_;  // its schedstat
  std::vector<FileDescriptor> others_;
};

}  // namespace scrubjay::load
