#include "cli/bulk_load.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

namespace scrubjay::cli {

namespace {

constexpr size_t kChunkBytes = 64 << 10;

struct Tally {
  uint64_t replies = 0;
  uint64_t errors = 0;
  std::string failure;
};

// Counts replies up to the echo of the mark.
void count_replies(Connection& connection, const std::string& mark, Tally& tally) {
  for (;;) {
    const auto reply = connection.receive();
    if (!reply) {
      tally.failure = reply.error();
      return;
    }
    if (reply->kind == resp::Reply::Kind::push) continue;
    if (reply->text == mark) return;
    ++tally.replies;
    if (reply->is_error()) {
      ++tally.errors;
      std::fprintf(stderr, "%s\n", reply->text.c_str());
    }
  }
}

// A text that no reply holds by chance.
std::string random_mark() {
  std::random_device random;
  std::string mark;
  while (mark.size() < 20) mark += static_cast<char>('a' + random() % 26);
  return mark;
}

Status send_input(Connection& connection) {
  std::string chunk(kChunkBytes, '\0');
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count == 0) return Done{};
    if (count < 0) {
      if (errno == EINTR) continue;
      return Error{"the input cannot be read"};
    }
    const std::string_view bytes(chunk.data(), static_cast<size_t>(count));
    if (const Status sent = connection.send_bytes(bytes); !sent) return sent;
  }
}

}  // namespace

int load_from_input(Connection& connection) {
  const std::string mark = random_mark();
  Tally tally;
  std::thread reader([&] { count_replies(connection, mark, tally); });
  Status sent = send_input(connection);
  if (sent) {
    std::puts("All data transferred. Waiting for the last reply...");
    std::fflush(stdout);
    // The line end closes a line that the input left open.
    sent = connection.send_bytes("\r\n");
    if (sent) sent = connection.send({"ECHO", mark});
  }
  if (!sent) connection.shut_down();
  reader.join();
  if (!sent || !tally.failure.empty()) {
    std::fprintf(stderr, "Error: %s\n", (sent ? tally.failure : sent.error()).c_str());
    return EXIT_FAILURE;
  }
  std::puts("Last reply received from server.");
  std::printf("errors: %llu, replies: %llu\n", static_cast<unsigned long long>(tally.errors),
              static_cast<unsigned long long>(tally.replies));
  return tally.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace scrubjay::cli
