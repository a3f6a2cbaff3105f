#include "memcached_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "socket.h"

namespace scrubjay::hit_ratio {

MemcachedProcess::MemcachedProcess(const std::string& path, std::uint64_t megabytes)
    : port_(load::free_port()) {
  std::vector<std::string> words{
      path,   "-p", std::to_string(port_),    "-l", "127.0.0.1", "-U", "0", "-t", "1", "-u",
      "root", "-m", std::to_string(megabytes)};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(argv.front(), argv.data());
    ::_exit(127);
  }
  using namespace std::chrono_literals;
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(50ms);
    try {
      load::connect_to(port_);
      return;
    } catch (const std::system_error&) {
      // It does not listen yet.
    }
  }
  end();
  throw std::runtime_error(path + " does not listen");
}

MemcachedProcess::~MemcachedProcess() {
  end();
}

void MemcachedProcess::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace scrubjay::hit_ratio
