// What the client's command line says, and how a line of input splits into words. Pure functions
// but for the environment, which is handed in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scrubjay::cli {

// The version of redis-cli that the client stands in for.
inline constexpr std::string_view kClientVersion = "7.4.2";

struct ClientOptions {
  enum class Action { kRun, kHelp, kVersion };
  Action action = Action::kRun;

  std::string host = "127.0.0.1";
  int port = 6379;
  std::string socket_path;  // overrides host and port
  std::string user;
  std::optional<std::string> password;
  bool password_was_shown = false;  // it stood on the command line
  bool warn_about_password = true;
  int64_t database = 0;
  int protocol = 2;

  std::optional<bool> raw;  // unset: raw where the output is no terminal
  std::optional<bool> show_pushes;
  std::string item_delimiter = "\n";
  std::string reply_delimiter = "\n";
  int64_t repeat = 1;  // negative: without end
  double interval_seconds = 0;
  bool last_argument_from_input = false;
  bool exit_by_error = false;
  bool scan = false;
  bool pipe = false;
  std::optional<std::string> script_path;  // --eval; the command is its keys, a comma, arguments
  std::string pattern = "*";

  std::vector<std::string> command;
};

using Environment = std::function<const char*(const char* name)>;

// The arguments behind the program's name. An error is the line to print before exit code 1.
Result<ClientOptions> parse_client_options(const std::vector<std::string>& arguments,
                                           const Environment& environment);

std::string client_usage();

// EVAL for the words behind --eval: keys, then, behind a lone comma, arguments.
std::vector<std::string> eval_command(std::string script, const std::vector<std::string>& words);

// Words apart by blanks; "..." with escapes (\n \r \t \b \a \xHH) and '...' with \' only. Nothing
// if a quote is not closed or something else than a blank follows a closing one.
std::optional<std::vector<std::string>> split_words(std::string_view line);

}  // namespace scrubjay::cli
