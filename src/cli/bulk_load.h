// redis-cli --pipe: pours raw commands from the standard input into a server and counts the
// replies. Used by the client.
#pragma once

#include "cli/connection.h"

namespace scrubjay::cli {

// Sends and receives at the same time (a second thread reads), until the server has answered all.
// Errors of the server go to the standard error. Exit code 0 if there was none.
int load_from_input(Connection& connection);

}  // namespace scrubjay::cli
