// The small redis-cli inside the binary: what shells, scripts and health checks call in a
// container. One thread, blocking.
#pragma once

namespace scrubjay::cli {

// Runs under the name redis-cli: argv[0] is the program's name, the rest its arguments. Sends the
// command that they name or, without one, each line of the standard input. Returns the exit code.
int run_client(int argc, char** argv);

}  // namespace scrubjay::cli
