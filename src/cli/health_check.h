// `scrubjay healthcheck`: does the local server answer? For a container's health check.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::cli {

// `arguments` stand behind "healthcheck": [--host HOST] [--port PORT]. Without them the port is
// SCRUBJAY_PORT, or what the first process of a container was started with, or 6379. Logs in with
// REDISCLI_AUTH where it is set. Exit code 0 if the server answers within 2 seconds, be it that it
// wants a login; else 1 and one line that says why.
int run_health_check(const std::vector<std::string>& arguments);

// The value of the last --port of a server's command line, whose first word must be a name of the
// server; nothing if there is none.
std::optional<int> port_of_server(const std::vector<std::string>& command_line);

// The port that a configuration file sets last, be it "port 7000" or "port = 7000".
std::optional<int> port_of_file(std::string_view text);

}  // namespace scrubjay::cli
