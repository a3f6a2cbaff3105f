#include "stress/actor.h"

#include <cstdlib>
#include <thread>

#include "base/memory.h"
#include "base/number.h"
#include "engine/waiting.h"
#include "resp/request_parser.h"

namespace scrubjay::stress {
namespace {

std::string text_of(const resp::ReplyBuffer& buffer) {
  std::string text;
  size_t from = 0;
  for (const auto& splice : buffer.splices()) {
    text += buffer.own_bytes().substr(from, splice.at - from);
    text += splice.block.view();
    from = splice.at;
  }
  return text + std::string(buffer.own_bytes().substr(from));
}

// The number of a header line such as "$12"; moves `reply` behind the line.
int64_t take_header(std::string_view& reply) {
  const size_t end = reply.find("\r\n");
  const int64_t number = parse_int64(reply.substr(1, end - 1)).value_or(-1);
  reply.remove_prefix(end + 2);
  return number;
}

std::string take_bulk(std::string_view& reply) {
  const int64_t size = take_header(reply);
  if (size < 0) return "(nil)";
  std::string bytes(reply.substr(0, static_cast<size_t>(size)));
  reply.remove_prefix(static_cast<size_t>(size) + 2);
  return bytes;
}

}  // namespace

Actor::Actor(engine::Services& services, uint32_t number)
    : services_(services),
      worker_(*services.workers[number]),
      number_(number),
      client_(services.clients.next_id(), worker_),
      maintenance_(services, worker_),
      random_(number + 1) {
  register_allocating_thread();
  client_.address = "127.0.0.1:" + std::to_string(1000 + number);
  services_.gates.enter(worker_.gate);
  services_.clients.add(client_);
  services_.gates.leave(worker_.gate);
}

Actor::~Actor() {
  services_.gates.enter(worker_.gate);
  services_.clients.remove(client_);
  services_.dispatcher->forget(worker_, client_);
  services_.gates.leave(worker_.gate);
}

bool Actor::knows(std::string_view command) const {
  return services_.commands.find(command) != nullptr;
}

std::vector<std::string> Actor::pipeline(const std::vector<Words>& requests) {
  engine::Dispatcher& dispatcher = *services_.dispatcher;
  resp::RequestBatch batch;
  for (const Words& words : requests) {
    const auto first = static_cast<uint32_t>(batch.arguments.size());
    batch.arguments.insert(batch.arguments.end(), words.begin(), words.end());
    batch.requests.push_back({first, static_cast<uint32_t>(words.size()), 0, 0});
  }
  resp::ReplyBuffer buffer;
  resp::ReplyBuilder reply(buffer, client_.protocol);
  std::vector<engine::PreparedRequest> prepared;
  std::vector<std::string> replies;
  services_.gates.enter(worker_.gate);
  worker_.stamp_ns = services_.clock.now_ns();
  dispatcher.prepare(batch, 0, batch.requests.size(), client_.database, prepared);
  if (requests.size() > 1) dispatcher.prefetch_entries(prepared, client_.database);
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto& request = batch.requests[i];
    const std::span<const std::string_view> arguments(&batch.arguments[request.first_argument],
                                                      request.argument_count);
    while (dispatcher.execute(worker_, client_, arguments, prepared[i], reply) ==
           engine::Dispatcher::Outcome::kPostponed) {
      services_.gates.leave(worker_.gate);
      std::this_thread::yield();
      services_.gates.enter(worker_.gate);
      worker_.stamp_ns = services_.clock.now_ns();
    }
    replies.push_back(text_of(buffer));
    buffer.clear();
    if (services_.gates.wanted()) {
      services_.gates.leave(worker_.gate);
      services_.gates.enter(worker_.gate);
      worker_.stamp_ns = services_.clock.now_ns();
    }
  }
  services_.gates.leave(worker_.gate);
  return replies;
}

std::string Actor::line(std::string_view text) {
  Words words;
  if (!resp::split_words(text, words)) std::abort();
  return run(words);
}

std::string Actor::wait(const Words& request, int64_t patience_ms) {
  std::string reply = run(request);
  const int64_t until_ms = services_.clock.now_ms() + patience_ms;
  while (client_.blocked) {
    for (const engine::Letter& letter : worker_.mailbox.collect()) {
      if (letter.kind != engine::Letter::Kind::kServed ||
          letter.number != client_.blocked->waiter->ticket) {
        continue;
      }
      client_.blocked.reset();
      return std::string(letter.bytes.view());
    }
    if (services_.clock.now_ms() >= until_ms) {
      resp::ReplyBuffer buffer;
      resp::ReplyBuilder builder(buffer, client_.protocol);
      services_.gates.enter(worker_.gate);
      const bool finished = services_.dispatcher->finish_blocked(worker_, client_, false, builder);
      services_.gates.leave(worker_.gate);
      if (finished) return text_of(buffer);
    }
    std::this_thread::yield();
  }
  return reply;
}

void Actor::maintain() {
  worker_.mailbox.collect();
  const int64_t next = maintenance_.run_slice();
  worker_.armed_until.store(next, std::memory_order_relaxed);
}

int64_t integer_of(std::string_view reply, int64_t otherwise) {
  return reply.starts_with(':') ? take_header(reply) : otherwise;
}

std::string bulk_of(std::string_view reply) {
  return reply.starts_with('$') ? take_bulk(reply) : std::string(reply);
}

std::vector<std::string> bulks_of(std::string_view reply) {
  std::vector<std::string> bulks;
  if (!reply.starts_with('*')) return bulks;
  for (int64_t left = take_header(reply); left > 0; --left) bulks.push_back(take_bulk(reply));
  return bulks;
}

}  // namespace scrubjay::stress
