#include "stress/caching_reader.h"

#include <chrono>
#include <thread>

namespace scrubjay::stress {
namespace {

using resp::Reply;

constexpr const char* kChannel = "__redis__:invalidate";

}  // namespace

void CachingReader::connect_listener() {
  listening_.connect(port_);
  const int64_t id = listening_.must({"CLIENT", "ID"}).integer;
  listening_.must({"SUBSCRIBE", kChannel});
  connection_ids[1] = id;
}

void CachingReader::connect() {
  reading_.connect(port_);
  if (how_ == Caching::kRedirect) {
    if (!listening_.is_open()) connect_listener();
    const int64_t id = reading_.must({"CLIENT", "ID"}).integer;
    const Reply on =
        reading_.ask({"CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(connection_ids[1])});
    if (on.is_error()) throw Broken("the listening connection is gone");
    connection_ids[0] = id;
    return;
  }
  reading_.must({"HELLO", "3"});
  const int64_t id = reading_.must({"CLIENT", "ID"}).integer;
  switch (how_) {
    case Caching::kDefault:
      reading_.must({"CLIENT", "TRACKING", "ON"});
      break;
    case Caching::kOptIn:
      reading_.must({"CLIENT", "TRACKING", "ON", "OPTIN"});
      break;
    case Caching::kBroadcast:
    case Caching::kLog:
      reading_.must({"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "k:", "PREFIX", "v:"});
      break;
    case Caching::kRedirect:
      break;
  }
  if (how_ == Caching::kLog) ask_what_was_missed();
  connection_ids[0] = id;
}

void CachingReader::ask_what_was_missed() {
  reading_.add({"CACHE.INV", "SINCE", std::to_string(seen_)});
  reading_.send();
  const Reply missed = reply();
  seen_ = missed.items.at(0).integer;
  if (missed.items.size() == 2 && missed.items[1].kind == Reply::Kind::simple) {
    cache_.clear();
    ++resyncs;
    return;
  }
  for (size_t i = 1; i < missed.items.size(); ++i) cache_.erase(missed.items[i].text);
  missed_keys += missed.items.size() - 1;
}

void CachingReader::broke(bool listener) {
  ++breaks;
  reading_.close();
  connection_ids[0] = 0;
  // When a connection that reads ends, the one that listens is told to forget everything.
  if (how_ == Caching::kRedirect && !listener) return;
  listening_.close();
  connection_ids[1] = 0;
  if (how_ != Caching::kLog) cache_.clear();
}

void CachingReader::hear_out() {
  if (how_ == Caching::kRedirect) {
    listening_.add({"PING"});
    listening_.send();
    for (;;) {
      const Reply message = listening_.receive();
      if (message.items.at(0).text == "pong") return;
      drop(message.items.at(2));
    }
  }
  if (how_ == Caching::kLog)
    reading_.add({"CACHE.INV", "NOW"});
  else
    reading_.add({"PING"});
  reading_.send();
  const Reply answer = reply();
  if (how_ == Caching::kLog) seen_ = answer.integer;
}

void CachingReader::catch_up() {
  for (;;) {
    try {
      if (!reading_.is_open()) connect();
      return hear_out();
    } catch (const Broken&) {
      broke(how_ == Caching::kRedirect);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

const CachingReader::Value* CachingReader::find(const std::string& key) const {
  const auto found = cache_.find(key);
  return found == cache_.end() ? nullptr : &found->second;
}

void CachingReader::fetch(const std::vector<std::string>& keys) {
  if (!reading_.is_open() || keys.empty()) return;
  try {
    for (const std::string& key : keys) {
      if (how_ == Caching::kOptIn) reading_.add({"CLIENT", "CACHING", "YES"});
      reading_.add({"GET", key});
    }
    reading_.send();
    for (const std::string& key : keys) {
      if (how_ == Caching::kOptIn) reply();
      Reply value = reply();
      cache_[key] = value.is_null() ? Value() : Value(std::move(value.text));
    }
  } catch (const Broken&) {
    broke(false);
  }
}

void CachingReader::drop(const Reply& keys) {
  if (keys.is_null()) return cache_.clear();
  for (const Reply& key : keys.items) cache_.erase(key.text);
}

void CachingReader::take_push(const Reply& push) {
  if (push.items.size() == 2 && push.items[0].text == "invalidate") drop(push.items[1]);
}

Reply CachingReader::reply() {
  for (;;) {
    Reply next = reading_.receive();
    if (next.kind != Reply::Kind::push) return next;
    take_push(next);
  }
}

}  // namespace scrubjay::stress
