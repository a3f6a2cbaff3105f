#include "listeners.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "clock.h"
#include "reply_scanner.h"

namespace scrubjay::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;

}  // namespace

Listeners::Listeners(std::uint16_t port, const std::vector<std::string>& requests)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (const std::string& request : requests) {
    FileDescriptor socket = connect_to(port);
    send_all(socket.get(), request);
    ReplyScanner scanner;
    std::array<char, 1024> buffer;
    while (true) {
      const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      if (size <= 0) throw std::runtime_error("a subscriber gets no answer");
      if (scanner.consume({buffer.data(), static_cast<std::size_t>(size)}) > 0) break;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket.get();
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event);
    sockets_.push_back(std::move(socket));
  }
  thread_ = std::thread([this] { listen(); });
}

Listeners::~Listeners() {
  stop_ = true;
  thread_.join();
}

void Listeners::listen() {
  constexpr int kMaxEvents = 256;
  std::array<epoll_event, kMaxEvents> events;
  std::vector<char> buffer(256 * 1024);
  while (!stop_) {
    const int ready = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, 10);
    for (int i = 0; i < ready; ++i) {
      const ssize_t size = ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer.data(),
                                  buffer.size(), MSG_DONTWAIT);
      if (size > 0)
        bytes_.fetch_add(static_cast<std::uint64_t>(size), std::memory_order_relaxed);
      else if (size == 0)
        closed_ = stop_ = true;
    }
  }
}

void Listeners::expect(std::uint64_t total) const {
  const TimePoint limit = now() + kPatience;
  while (bytes() < total && !closed_ && now() < limit) std::this_thread::sleep_for(100us);
  if (closed_) throw std::runtime_error("the server closed a subscriber");
  if (bytes() != total)
    throw std::runtime_error(fmt::format("subscribers got {} bytes of {}", bytes(), total));
}

}  // namespace scrubjay::load
