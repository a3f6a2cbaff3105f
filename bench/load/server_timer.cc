#include "server_timer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace scrubjay::load {
namespace {

FileDescriptor open_schedstat(const std::filesystem::path& thread) {
  return FileDescriptor(::open((thread / "schedstat").c_str(), O_RDONLY | O_CLOEXEC));
}

std::string name_of(const std::filesystem::path& thread) {
  std::string name;
  std::getline(std::ifstream(thread / "comm"), name);
  return name;
}

}  // namespace

ServerTimer::ServerTimer(pid_t pid) {
  if (const int error = ::clock_getcpuclockid(pid, &clock_); error != 0)
    throw std::system_error(error, std::generic_category(), "clock_getcpuclockid");
  // Ours has I/O threads by name; redis-server's main thread serves.
  std::vector<std::filesystem::path> threads;
  std::vector<std::filesystem::path> serving;
  for (const auto& thread :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
    threads.push_back(thread.path());
    if (name_of(thread.path()).starts_with("io-")) serving.push_back(thread.path());
  }
  if (serving.empty()) serving.push_back(fmt::format("/proc/{}/task/{}", pid, pid));
  if (serving.size() > 1) return;
  serving_.emplace(open_schedstat(serving[0]));
  for (const auto& thread : threads) {
    if (thread != serving[0]) others_.push_back(open_schedstat(thread));
  }
}

ServerTimer::Reading ServerTimer::read() const {
  Reading reading;
  for (const FileDescriptor& other : others_) reading.others += read_cpu_time(other).running;
  if (serving_) reading.serving = read_cpu_time(*serving_);
  timespec time{};
  ::clock_gettime(clock_, &time);
  reading.process = std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  return reading;
}

Nanoseconds ServerTimer::served(const Reading& before, const Reading& after) const {
  const Nanoseconds process = after.process - before.process;
  // Woken a second time it may have waited for a lock between.
  if (!serving_ || after.serving.turns - before.serving.turns > 1) return process;
  const Nanoseconds itself = process - (after.others - before.others);
  const Nanoseconds ready = after.serving.waiting - before.serving.waiting;
  return std::clamp(itself + ready, Nanoseconds(0), process);
}

}  // namespace scrubjay::load
