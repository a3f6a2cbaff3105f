// Socket addresses as Redis shows them ("127.0.0.1:6379", "[::1]:6379", "/path:0"), and listening
// sockets.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace scrubjay::net {

std::string peer_address(int socket);
std::string local_address(int socket);
bool is_unix_socket(int socket);
bool is_loopback_peer(int socket);

// A listening TCP socket on one address ("*" is any IPv4, "::*" any IPv6), or the reason why not;
// `not_available` tells that the address or its family does not exist here.
Result<int> listen_tcp(const std::string& address, uint16_t port, int backlog, bool& not_available);
Result<int> listen_unix(const std::string& path, uint32_t permissions, int backlog);

// TCP_NODELAY, and keepalive after `keepalive_s` seconds of silence (0: off).
void set_connection_options(int socket, int64_t keepalive_s);

}  // namespace scrubjay::net
