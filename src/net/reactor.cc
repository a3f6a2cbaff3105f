#include "net/reactor.h"

#include <sys/epoll.h>

namespace scrubjay::net {

Reactor::Reactor(boost::asio::io_context& context)
    : descriptor_(context, epoll_create1(EPOLL_CLOEXEC)) {}

bool Reactor::add(int socket, Handler& handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &handler;
  return epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0;
}

void Reactor::remove(int socket) {
  epoll_ctl(descriptor_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
}

bool Reactor::run_round() {
  constexpr int kMaxEvents = 128;
  epoll_event events[kMaxEvents];
  const int ready = epoll_wait(descriptor_.native_handle(), events, kMaxEvents, 0);
  for (int i = 0; i < ready; ++i) {
    const uint32_t what = events[i].events;
    static_cast<Handler*>(events[i].data.ptr)
        ->on_ready((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                   (what & EPOLLOUT) != 0);
  }
  return ready > 0;
}

}  // namespace scrubjay::net
