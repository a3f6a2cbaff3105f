#include "cli/redis_cli.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <string>
#include <thread>

#include "base/number.h"
#include "base/text.h"
#include "cli/bulk_load.h"
#include "cli/command_line.h"
#include "cli/connection.h"
#include "cli/reply_text.h"

namespace scrubjay::cli {

namespace {

using resp::Reply;
using Words = std::vector<std::string>;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_error(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fputc('\n', stderr);
}

bool is_word(const Words& command, size_t index, std::string_view word) {
  return index < command.size() && equal_ignoring_case(command[index], word);
}

// Commands that answer a text made for reading: it is printed bare on a terminal too.
bool answers_text(const Words& command) {
  struct Row {
    std::string_view name, subcommand;
  };
  static constexpr Row kRows[] = {
      {"info", ""},
      {"lolwut", ""},
      {"debug", "htstats"},
      {"debug", "htstats-key"},
      {"memory", "malloc-stats"},
      {"memory", "doctor"},
      {"latency", "graph"},
      {"latency", "doctor"},
      {"client", "list"},
      {"client", "info"},
      {"cluster", "nodes"},
      {"cluster", "info"},
  };
  for (const Row& row : kRows) {
    if (!is_word(command, 0, row.name)) continue;
    if (row.subcommand.empty() || is_word(command, 1, row.subcommand)) return true;
  }
  return false;
}

bool subscribes(const Words& command) {
  return is_word(command, 0, "subscribe") || is_word(command, 0, "psubscribe") ||
         is_word(command, 0, "ssubscribe");
}

class Client {
 public:
  explicit Client(ClientOptions options)
      : options_(std::move(options)),
        raw_(options_.raw.value_or(::isatty(STDOUT_FILENO) == 0)),
        shows_pushes_(options_.show_pushes.value_or(::isatty(STDOUT_FILENO) != 0)) {}

  int run_one();
  int run_lines();
  int run_scan();
  int run_pipe() { return connect() ? load_from_input(connection_) : EXIT_FAILURE; }

 private:
  // How one command went.
  enum class Outcome { kDone, kErrorReply, kLost };

  bool connect();
  bool greet();
  Outcome run(const Words& command);
  Outcome run_with_retry(const Words& command);
  void repeat(const Words& command, int64_t times);
  Outcome follow(const Words& command);
  Result<Reply> reply_to(const Words& command);
  void note_session(const Words& command, const Reply& reply);
  bool run_local(const Words& words);
  void print_reply(const Reply& reply, const Words& command);
  void print_push(const Reply& push);
  std::string prompt() const;

  ClientOptions options_;
  bool raw_;
  bool shows_pushes_;
  bool in_transaction_ = false;
  Connection connection_;
  std::string lost_because_;
};

bool Client::connect() {
  in_transaction_ = false;
  const bool local = !options_.socket_path.empty();
  auto opened = local ? Connection::to_socket(options_.socket_path)
                      : Connection::to_host(options_.host, options_.port);
  if (!opened) {
    connection_.close();
    const std::string place =
        local ? options_.socket_path : options_.host + ":" + std::to_string(options_.port);
    print_error("Could not connect to Redis at " + place + ": " + opened.error());
    return false;
  }
  connection_ = std::move(*opened);
  return greet();
}

// Login, database, protocol: what a fresh connection has to be told. A refusal is shown and skips
// the rest, but the connection stands; false only if it is lost.
bool Client::greet() {
  struct Step {
    Words command;
    std::string failure;
  };
  std::vector<Step> steps;
  if (options_.password) {
    Words login{"AUTH"};
    if (!options_.user.empty()) login.push_back(options_.user);
    login.push_back(*options_.password);
    steps.push_back({std::move(login), "AUTH failed: "});
  }
  if (options_.database != 0) {
    const std::string number = std::to_string(options_.database);
    steps.push_back({{"SELECT", number}, "SELECT " + number + " failed: "});
  }
  if (options_.protocol == 3) steps.push_back({{"HELLO", "3"}, "HELLO 3 failed: "});
  for (const Step& step : steps) {
    const auto reply = reply_to(step.command);
    if (!reply) {
      connection_.close();
      print_error("Error: " + reply.error());
      return false;
    }
    if (reply->is_error()) {
      print_error(step.failure + reply->text);
      return true;
    }
  }
  return true;
}

// The answer to a command; pushes that arrive ahead of it are shown, attributes dropped.
Result<Reply> Client::reply_to(const Words& command) {
  if (const Status sent = connection_.send(command); !sent) return Error{sent.error()};
  for (;;) {
    auto reply = connection_.receive();
    if (!reply) return reply;
    if (reply->kind == Reply::Kind::push) {
      if (shows_pushes_) print_push(*reply);
    } else if (reply->kind != Reply::Kind::attribute) {
      return reply;
    }
  }
}

void Client::print_push(const Reply& push) {
  if (raw_) {
    print(raw_text(push, options_.item_delimiter) + options_.reply_delimiter);
    return;
  }
  if (push.items.size() == 2 && push.items[0].text == "invalidate" &&
      push.items[1].kind == Reply::Kind::array) {
    std::string keys;
    for (const Reply& key : push.items[1].items) {
      keys += (keys.empty() ? "'" : ", '") + key.text + "'";
    }
    print("-> invalidate: " + keys + "\n");
    return;
  }
  print(terminal_text(push));
}

void Client::print_reply(const Reply& reply, const Words& command) {
  if (options_.exit_by_error && reply.is_error()) {
    print_error(reply.text);
  } else if (answers_text(command)) {
    print(raw_text(reply, options_.item_delimiter));
  } else if (raw_) {
    print(raw_text(reply, options_.item_delimiter) + options_.reply_delimiter);
  } else {
    print(terminal_text(reply));
  }
}

Client::Outcome Client::run(const Words& command) {
  if (subscribes(command) || is_word(command, 0, "monitor")) {
    if (const Status sent = connection_.send(command); !sent) {
      lost_because_ = sent.error();
      return Outcome::kLost;
    }
    if (!raw_ && subscribes(command)) print("Reading messages... (press Ctrl-C to quit)\n");
    return follow(command);
  }
  const auto reply = reply_to(command);
  if (!reply) {
    connection_.close();
    if (is_word(command, 0, "shutdown")) return Outcome::kDone;
    lost_because_ = reply.error();
    return Outcome::kLost;
  }
  print_reply(*reply, command);
  note_session(command, *reply);
  return reply->is_error() ? Outcome::kErrorReply : Outcome::kDone;
}

// Prints what the server sends until it closes the connection or answers an error.
Client::Outcome Client::follow(const Words& command) {
  for (;;) {
    const auto reply = connection_.receive();
    if (!reply) {
      connection_.close();
      lost_because_ = reply.error();
      return Outcome::kLost;
    }
    print_reply(*reply, command);
    if (reply->is_error()) return Outcome::kErrorReply;
  }
}

// Follows what a command changes for the prompt and for a later connection.
void Client::note_session(const Words& command, const Reply& reply) {
  if (reply.is_error()) return;
  if (is_word(command, 0, "select") && command.size() == 2) {
    options_.database = parse_int64(command[1]).value_or(options_.database);
  } else if (is_word(command, 0, "auth") && command.size() == 2) {
    options_.password = command[1];
    options_.user.clear();
  } else if (is_word(command, 0, "auth") && command.size() == 3) {
    options_.user = command[1];
    options_.password = command[2];
  } else if (is_word(command, 0, "hello") && command.size() > 1) {
    options_.protocol = command[1] == "3" ? 3 : 2;
  } else if (is_word(command, 0, "multi")) {
    in_transaction_ = true;
  } else if (is_word(command, 0, "exec") || is_word(command, 0, "discard")) {
    in_transaction_ = false;
  } else if (is_word(command, 0, "reset")) {
    in_transaction_ = false;
    options_.database = 0;
    options_.protocol = 2;
  }
}

// Among lines of input a lost connection is opened anew once per command.
Client::Outcome Client::run_with_retry(const Words& command) {
  if (!connection_.is_open() && !connect()) return Outcome::kDone;
  Outcome outcome = run(command);
  if (outcome != Outcome::kLost) return outcome;
  if (!connect()) return Outcome::kDone;
  outcome = run(command);
  if (outcome == Outcome::kLost) print_error("Error: " + lost_because_);
  return outcome;
}

void Client::repeat(const Words& command, int64_t times) {
  for (int64_t i = 0; i < times; ++i) {
    if (run_with_retry(command) == Outcome::kLost) return;
    if (options_.interval_seconds > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.interval_seconds));
    }
  }
}

int Client::run_one() {
  Words command = options_.command;
  if (options_.last_argument_from_input) {
    command.emplace_back(std::istreambuf_iterator<char>(std::cin),
                         std::istreambuf_iterator<char>());
  }
  if (!connect()) return EXIT_FAILURE;
  for (int64_t i = 0; options_.repeat < 0 || i < options_.repeat; ++i) {
    if (i > 0 && options_.interval_seconds > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.interval_seconds));
    }
    const Outcome outcome = run(command);
    if (outcome == Outcome::kLost) {
      print_error("Error: " + lost_because_);
      return EXIT_FAILURE;
    }
    if (outcome == Outcome::kErrorReply && options_.exit_by_error) return EXIT_FAILURE;
    if (!connection_.is_open()) return EXIT_SUCCESS;
  }
  return EXIT_SUCCESS;
}

std::string Client::prompt() const {
  if (!connection_.is_open()) return "not connected> ";
  std::string text = options_.socket_path.empty()
                         ? options_.host + ":" + std::to_string(options_.port)
                         : "redis " + options_.socket_path;
  if (options_.database != 0) text += "[" + std::to_string(options_.database) + "]";
  if (in_transaction_) text += "(TX)";
  return text + "> ";
}

// Words that the client answers itself.
bool Client::run_local(const Words& words) {
  if (is_word(words, 0, "help") || words[0] == "?") {
    print(client_usage());
  } else if (is_word(words, 0, "clear") && words.size() == 1) {
    print("\x1b[H\x1b[2J");
  } else if (is_word(words, 0, "connect") && words.size() == 3) {
    options_.host = words[1];
    options_.port = static_cast<int>(std::strtol(words[2].c_str(), nullptr, 10));
    options_.socket_path.clear();
    connect();
  } else {
    return false;
  }
  return true;
}

int Client::run_lines() {
  options_.exit_by_error = false;
  const bool prompts = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  connect();
  std::string line;
  for (;;) {
    if (prompts) print(prompt());
    if (!std::getline(std::cin, line)) break;
    auto words = split_words(line);
    if (!words) {
      print("Invalid argument(s)\n");
      continue;
    }
    if (words->empty()) continue;
    if (is_word(*words, 0, "quit") || is_word(*words, 0, "exit")) return EXIT_SUCCESS;
    if (run_local(*words)) continue;
    int64_t times = 1;
    if (words->size() > 1) {  // "5 PING" sends it five times
      char* end = nullptr;
      const std::string& first = words->front();
      const long long number = std::strtoll(first.c_str(), &end, 10);
      if (*end == '\0') {
        if (number <= 0) {
          print("Invalid redis-cli repeat command option value.\n");
          continue;
        }
        times = number;
        words->erase(words->begin());
      }
    }
    const auto start = std::chrono::steady_clock::now();
    repeat(*words, times);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (!raw_ && elapsed.count() >= 0.5) {
      char text[32];
      std::snprintf(text, sizeof text, "(%.2fs)\n", elapsed.count());
      print(text);
    }
  }
  if (prompts) print("\n");
  return EXIT_SUCCESS;
}

int Client::run_scan() {
  if (!connect()) return EXIT_FAILURE;
  std::string cursor = "0";
  do {
    const Words command{"SCAN", cursor, "MATCH", options_.pattern};
    const auto reply = reply_to(command);
    if (!reply || reply->is_error()) {
      print_error(reply ? "ERROR: " + reply->text : "Error: " + reply.error());
      return EXIT_FAILURE;
    }
    if (reply->items.size() != 2) {
      print_error("ERROR: SCAN answered something else than a cursor and keys");
      return EXIT_FAILURE;
    }
    cursor = reply->items[0].text;
    for (const Reply& key : reply->items[1].items) {
      print((raw_ ? key.text : quoted(key.text)) + "\n");
    }
    if (options_.interval_seconds > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(options_.interval_seconds));
    }
  } while (cursor != "0");
  return EXIT_SUCCESS;
}

}  // namespace

int run_client(int argc, char** argv) {
  auto options = parse_client_options(Words(argv + (argc > 0), argv + argc),
                                      [](const char* name) { return std::getenv(name); });
  if (!options) {
    print_error(options.error());
    return EXIT_FAILURE;
  }
  if (options->action == ClientOptions::Action::kVersion) {
    print("redis-cli " + std::string(kClientVersion) + "\n");
    return EXIT_SUCCESS;
  }
  if (options->action == ClientOptions::Action::kHelp || is_word(options->command, 0, "help") ||
      is_word(options->command, 0, "?")) {
    print(client_usage());
    return EXIT_SUCCESS;
  }
  if (options->password_was_shown && options->warn_about_password) {
    print_error(
        "Warning: Using a password with '-a' or '-u' option on the command line interface may not "
        "be safe.");
  }
  if (options->script_path) {
    std::ifstream file(*options->script_path, std::ios::binary);
    if (!file) {
      print_error("Can't open file '" + *options->script_path + "': " + std::strerror(errno));
      return EXIT_FAILURE;
    }
    std::string script{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    options->command = eval_command(std::move(script), options->command);
  }
  const bool scan = options->scan, pipe = options->pipe;
  const bool one = !options->command.empty() || options->last_argument_from_input;
  Client client(std::move(*options));
  if (pipe) return client.run_pipe();
  return scan ? client.run_scan() : one ? client.run_one() : client.run_lines();
}

}  // namespace scrubjay::cli
