#include "server_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

#include "socket.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartTimeout = 10s;
constexpr auto kEndTimeout = 3s;
constexpr int kExecFailed = 127;

// The value in bytes of a line like "Rss:  123 kB"; 0 without such a line.
std::uint64_t kilobyte_line(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t digits = line.find_first_of("0123456789", name.size());
    if (digits == std::string::npos) return 0;
    std::uint64_t kilobytes = 0;
    std::from_chars(line.data() + digits, line.data() + line.size(), kilobytes);
    return kilobytes * 1024;
  }
  return 0;
}

bool set_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  return ::sched_setaffinity(0, sizeof cores, &cores) == 0;
}

}  // namespace

CpuTime read_cpu_time(const FileDescriptor& schedstat) {
  std::array<char, 64> text{};
  const ssize_t size = ::pread(schedstat.get(), text.data(), text.size(), 0);
  const char* at = text.data();
  const char* const end = at + std::max<ssize_t>(size, 0);
  std::array<std::int64_t, 3> figures{};
  for (std::int64_t& figure : figures) {
    at = std::from_chars(at, end, figure).ptr;
    if (at < end) ++at;
  }
  return {.running = Nanoseconds(figures[0]),
          .waiting = Nanoseconds(figures[1]),
          .turns = static_cast<std::uint64_t>(figures[2])};
}

CpuTime own_cpu_time() {
  static const FileDescriptor file(::open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC));
  return read_cpu_time(file);
}

void pin_to_core(int core) {
  if (!set_core(core)) {
    throw std::system_error(errno, std::generic_category(), fmt::format("core {}", core));
  }
}

AllCores::AllCores() {
  ::sched_getaffinity(0, sizeof before_, &before_);
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);  // the kernel takes those that there are
  ::sched_setaffinity(0, sizeof all, &all);
}

AllCores::~AllCores() {
  ::sched_setaffinity(0, sizeof before_, &before_);
}

ServerProcess::ServerProcess(const ServerCommand& command)
    : port_(free_port()), output_(std::tmpfile(), &std::fclose) {
  if (!output_) throw std::system_error(errno, std::generic_category(), "temporary file");
  const TimePoint begin = now();
  start(command);
  try {
    wait_until_it_answers(command);
    started_after_ = now() - begin;
  } catch (...) {
    end();
    throw;
  }
}

ServerProcess::~ServerProcess() {
  end();
}

void ServerProcess::start(const ServerCommand& command) {
  std::vector<std::string> words{
      command.path, "--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", ""};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);
  if (command.core != ServerCommand::kAnyCore && !set_core(command.core)) ::_exit(kExecFailed);
  ::dup2(::fileno(output_.get()), STDOUT_FILENO);
  ::dup2(::fileno(output_.get()), STDERR_FILENO);
  ::execvp(argv.front(), argv.data());
  ::_exit(kExecFailed);
}

void ServerProcess::wait_until_it_answers(const ServerCommand& command) {
  const TimePoint limit = now() + kStartTimeout;
  while (now() < limit) {
    if (has_ended()) {
      throw std::runtime_error(
          fmt::format("{} ({}) ended at start: {}", command.name, command.path, printed()));
    }
    try {
      if (Client(port_).ask({"PING"}) == "+PONG\r\n") return;
    } catch (const std::system_error&) {
      // It does not listen yet.
    }
    std::this_thread::sleep_for(200us);
  }
  throw std::runtime_error(fmt::format("{} does not answer: {}", command.name, printed()));
}

bool ServerProcess::has_ended() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ < 0;
}

void ServerProcess::end() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  const TimePoint limit = now() + kEndTimeout;
  while (!has_ended() && now() < limit) std::this_thread::sleep_for(5ms);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string ServerProcess::printed() const {
  std::array<char, 2000> text;
  const ssize_t size = ::pread(::fileno(output_.get()), text.data(), text.size(), 0);
  return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

CpuTime ServerProcess::cpu_time() const {
  CpuTime sum;
  for (const auto& thread :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
    const FileDescriptor file(::open((thread.path() / "schedstat").c_str(), O_RDONLY | O_CLOEXEC));
    const CpuTime time = read_cpu_time(file);
    sum.running += time.running;
    sum.waiting += time.waiting;
    sum.turns += time.turns;
  }
  return sum;
}

std::uint64_t ServerProcess::resident_bytes() const {
  const std::uint64_t exact = kilobyte_line(fmt::format("/proc/{}/smaps_rollup", pid_), "Rss:");
  return exact > 0 ? exact : roughly_resident_bytes();
}

std::uint64_t ServerProcess::roughly_resident_bytes() const {
  return kilobyte_line(fmt::format("/proc/{}/status", pid_), "VmRSS:");
}

std::uint64_t ServerProcess::peak_resident_bytes() const {
  return kilobyte_line(fmt::format("/proc/{}/status", pid_), "VmHWM:");
}

}  // namespace scrubjay::load
