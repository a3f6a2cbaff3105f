// A connection to a server for tests: sends requests, several at a time, and reads replies. A
// break throws. One thread.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/connection.h"

namespace scrubjay::stress {

struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Wire {
 public:
  void connect(int port) {
    using namespace std::chrono_literals;
    // Who gets no reply for so long will never get one.
    auto made =
        cli::Connection::to_host("127.0.0.1", port, std::chrono::steady_clock::now() + 30min);
    if (!made) throw Broken(made.error());
    connection_ = std::move(*made);
  }
  bool is_open() const { return connection_.is_open(); }
  void close() { connection_.close(); }

  void add(const std::vector<std::string>& words) {
    out_ += "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string& word : words)
      out_ += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  void send() {
    const std::string bytes = std::exchange(out_, {});
    if (const Status sent = connection_.send_bytes(bytes); !sent) throw Broken(sent.error());
  }
  resp::Reply receive() {
    auto reply = connection_.receive();
    if (!reply) throw Broken(reply.error());
    return std::move(*reply);
  }
  resp::Reply ask(const std::vector<std::string>& words) {
    out_.clear();
    add(words);
    send();
    return receive();
  }
  // An error reply ends the program.
  resp::Reply must(const std::vector<std::string>& words) {
    resp::Reply reply = ask(words);
    if (reply.is_error()) {
      std::fprintf(stderr, "%s: %s\n", words[0].c_str(), reply.text.c_str());
      std::exit(1);
    }
    return reply;
  }

 private:
  cli::Connection connection_;
  std::string out_;
};

}  // namespace scrubjay::stress
