#include "cli/health_check.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/number.h"
#include "cli/connection.h"
#include "cli/entrypoint.h"

namespace scrubjay::cli {

namespace {

constexpr auto kTimeout = std::chrono::seconds(2);
constexpr int kDefaultPort = 6379;

using Words = std::vector<std::string>;

std::optional<int> parse_port(const std::string& text) {
  const auto number = parse_int64(text);
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<int>(*number);
}

// The words of the process that a container runs first; empty where they cannot be read.
Words first_process() {
  std::ifstream file("/proc/1/cmdline", std::ios::binary);
  Words words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int default_port() {
  if (const char* text = std::getenv("SCRUBJAY_PORT")) {
    if (const auto port = parse_port(text)) return *port;
  }
  const Words server = first_process();
  if (const auto port = port_of_server(server)) return *port;
  if (server.size() > 1 && is_configuration_file(server[1])) {
    if (const auto port = port_of_file(file_text(server[1]))) return *port;
  }
  return kDefaultPort;
}

int unhealthy(const std::string& reason) {
  std::fprintf(stderr, "unhealthy: %s\n", reason.c_str());
  return EXIT_FAILURE;
}

}  // namespace

std::optional<int> port_of_server(const Words& command_line) {
  if (command_line.empty()) return std::nullopt;
  const std::string name = command_line[0].substr(command_line[0].rfind('/') + 1);
  if (name != "scrubjay" && name != "redis-server") return std::nullopt;
  std::optional<int> port;
  for (size_t i = 1; i < command_line.size(); ++i) {
    if (command_line[i] == "--port" && i + 1 < command_line.size()) {
      port = parse_port(command_line[i + 1]);
    } else if (command_line[i].starts_with("--port=")) {
      port = parse_port(command_line[i].substr(7));
    }
  }
  return port;
}

std::optional<int> port_of_file(std::string_view text) {
  constexpr std::string_view kBetween = " \t=";
  std::optional<int> port;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(kBetween), line.size()));
    if (!line.starts_with("port")) continue;
    line.remove_prefix(4);
    const size_t value = line.find_first_not_of(kBetween);
    if (value == 0 || value == std::string_view::npos) continue;
    line.remove_prefix(value);
    if (const auto found = parse_port(std::string(line.substr(0, line.find_first_of(" \t\r#"))))) {
      port = found;
    }
  }
  return port;
}

int run_health_check(const Words& arguments) {
  std::string host = "127.0.0.1";
  std::optional<int> port;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--host" && has_value) {
      host = arguments[i + 1];
    } else if (arguments[i] == "--port" && has_value) {
      port = parse_port(arguments[i + 1]);
      if (!port) return unhealthy("\"" + arguments[i + 1] + "\" is no port");
    } else {
      return unhealthy("usage: scrubjay healthcheck [--host HOST] [--port PORT]");
    }
  }
  if (!port) port = default_port();
  const std::string place = host + ":" + std::to_string(*port) + ": ";
  auto connection = Connection::to_host(host, *port, std::chrono::steady_clock::now() + kTimeout);
  if (!connection) return unhealthy(place + connection.error());
  if (const char* password = std::getenv("REDISCLI_AUTH"); password && *password) {
    // A wrong one shows in the answer to PING.
    if (const Status sent = connection->send({"AUTH", password}); !sent) {
      return unhealthy(place + sent.error());
    }
    if (const auto reply = connection->receive(); !reply) return unhealthy(place + reply.error());
  }
  if (const Status sent = connection->send({"PING"}); !sent) return unhealthy(place + sent.error());
  const auto reply = connection->receive();
  if (!reply) return unhealthy(place + reply.error());
  const bool wants_login = reply->is_error() && reply->text.starts_with("NOAUTH");
  if (reply->text == "PONG" || wants_login) return EXIT_SUCCESS;
  return unhealthy(place + reply->text);
}

}  // namespace scrubjay::cli
