#include "cli/command_line.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace scrubjay::cli {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Numbers as C's atoi reads them: what is no number counts as 0.
int64_t lenient_number(const std::string& text) {
  return std::strtoll(text.c_str(), nullptr, 10);
}

// redis://[[user]:password@]host[:port][/database], where the user and its colon may be missing.
Status parse_uri(std::string_view uri, ClientOptions& options) {
  constexpr std::string_view kPlain = "redis://";
  if (to_lower(uri.substr(0, 9)) == "rediss://")
    return Error{"rediss:// needs TLS, which this client lacks"};
  if (to_lower(uri.substr(0, kPlain.size())) != kPlain) return Error{"Invalid URI scheme"};
  uri.remove_prefix(kPlain.size());
  uri = uri.substr(0, uri.find('?'));
  const size_t slash = uri.find('/');
  std::string_view place = uri.substr(0, slash);
  if (slash != std::string_view::npos && slash + 1 < uri.size()) {
    options.database = lenient_number(std::string(uri.substr(slash + 1)));
  }
  if (const size_t at = place.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = place.substr(0, at);
    const size_t colon = login.find(':');
    if (colon != std::string_view::npos) options.user = percent_decoded(login.substr(0, colon));
    options.password =
        percent_decoded(colon == std::string_view::npos ? login : login.substr(colon + 1));
    options.password_was_shown = true;
    place.remove_prefix(at + 1);
  }
  std::string_view port;
  if (place.starts_with('[')) {
    const size_t bracket = place.find(']');
    if (bracket == std::string_view::npos) return Error{"Invalid URI: no ']' behind the address"};
    port = place.substr(bracket + 1);
    place = place.substr(1, bracket - 1);
  } else if (const size_t colon = place.rfind(':'); colon != std::string_view::npos) {
    port = place.substr(colon);
    place = place.substr(0, colon);
  }
  if (port.starts_with(':'))
    options.port = static_cast<int>(lenient_number(std::string(port.substr(1))));
  if (!place.empty()) options.host = percent_decoded(place);
  return Done{};
}

using Words = std::vector<std::string>;

// Options without a value; false if the name is none of them.
bool take_switch(const std::string& name, ClientOptions& options) {
  if (name == "--help")
    options.action = ClientOptions::Action::kHelp;
  else if (name == "-v" || name == "--version")
    options.action = ClientOptions::Action::kVersion;
  else if (name == "--raw")
    options.raw = true;
  else if (name == "--no-raw")
    options.raw = false;
  else if (name == "-x")
    options.last_argument_from_input = true;
  else if (name == "-e")
    options.exit_by_error = true;
  else if (name == "-2")
    options.protocol = 2;
  else if (name == "-3")
    options.protocol = 3;
  else if (name == "--no-auth-warning")
    options.warn_about_password = false;
  else if (name == "--scan")
    options.scan = true;
  else if (name == "--pipe")
    options.pipe = true;
  else if (name == "-c")
    return true;  // cluster redirections: a single server sends none
  else
    return false;
  return true;
}

// Options with a value; nothing if the name is none of them.
std::optional<Status> take_value(const std::string& name, const std::string& value,
                                 ClientOptions& options) {
  if (name == "-h") {
    options.host = value;
  } else if (name == "-p") {
    options.port = static_cast<int>(lenient_number(value));
  } else if (name == "-s") {
    options.socket_path = value;
  } else if (name == "-a" || name == "--pass") {
    options.password = value;
    options.password_was_shown = true;
  } else if (name == "--user") {
    options.user = value;
  } else if (name == "-u") {
    return parse_uri(value, options);
  } else if (name == "-n") {
    options.database = lenient_number(value);
  } else if (name == "-r") {
    options.repeat = lenient_number(value);
  } else if (name == "-i") {
    options.interval_seconds = std::max(0.0, std::strtod(value.c_str(), nullptr));
  } else if (name == "-d") {
    options.item_delimiter = value;
  } else if (name == "-D") {
    options.reply_delimiter = value;
  } else if (name == "--eval") {
    options.script_path = value;
  } else if (name == "--pattern") {
    options.pattern = value;
  } else if (name == "--show-pushes") {
    options.show_pushes = !value.empty() && to_lower(value[0]) == 'y';
  } else {
    return std::nullopt;
  }
  return Done{};
}

}  // namespace

Result<ClientOptions> parse_client_options(const Words& arguments, const Environment& environment) {
  ClientOptions options;
  size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const std::string& name = arguments[at];
    const bool is_last = at + 1 == arguments.size();
    if (name == "-h" && is_last) {
      options.action = ClientOptions::Action::kHelp;
      return options;
    }
    if (take_switch(name, options)) {
      if (options.action != ClientOptions::Action::kRun) return options;
      continue;
    }
    if (!is_last) {
      if (const auto taken = take_value(name, arguments[at + 1], options)) {
        if (!*taken) return Error{taken->error()};
        ++at;
        continue;
      }
    }
    if (!name.starts_with('-')) break;
    return Error{"Unrecognized option or bad number of args for: '" + name + "'"};
  }
  options.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
  if (!options.password) {
    if (const char* password = environment("REDISCLI_AUTH"); password && *password) {
      options.password = password;
    }
  }
  return options;
}

std::string client_usage() {
  return "redis-cli " + std::string(kClientVersion) + R"( (scrubjay)

Usage: redis-cli [OPTIONS] [COMMAND [ARGUMENT ...]]
Sends one command, or each line of the standard input, and prints the replies.

  -h HOST            the server's host (default: 127.0.0.1)
  -p PORT            the server's port (default: 6379)
  -s PATH            the server's Unix socket, in place of host and port
  -u URI             redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
  -a, --pass TEXT    the password; the environment's REDISCLI_AUTH is safer
  --user NAME        the user whose password it is
  --no-auth-warning  do not warn about a password on the command line
  -n NUMBER          the database
  -2, -3             the protocol: RESP2 (default) or RESP3
  -r NUMBER          send the command that many times (-1: without end)
  -i SECONDS         wait between them; 0.1 is fine
  -x                 read the last argument from the standard input
  -e                 exit with code 1 if the server answers an error
  --raw, --no-raw    bare bytes (default where the output is no terminal), or with types
  -d TEXT            in raw output, what stands between the elements (default: a newline)
  -D TEXT            in raw output, what stands behind each reply (default: a newline)
  --show-pushes YN   whether to print pushed messages (default: on a terminal)
  --scan             print all keys, found by SCAN
  --pattern GLOB     only the keys that match (with --scan)
  --eval FILE        run the Lua script with KEY ... , ARGUMENT ... (a lone comma between them)
  --pipe             send the standard input as it is, raw commands; count the replies
  --help, --version  this text; the version
)";
}

Words eval_command(std::string script, const Words& words) {
  Words command{"EVAL", std::move(script), "0"};
  size_t keys = 0;
  bool in_keys = true;
  for (const std::string& word : words) {
    if (in_keys && word == ",") {
      in_keys = false;
      continue;
    }
    keys += in_keys;
    command.push_back(word);
  }
  command[2] = std::to_string(keys);
  return command;
}

std::optional<Words> split_words(std::string_view line) {
  Words words;
  size_t at = 0;
  const auto ends_word = [&] { return at >= line.size() || is_blank(line[at]); };
  for (;;) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at >= line.size()) return words;
    std::string word;
    while (!ends_word()) {
      const char quote = line[at];
      if (quote != '"' && quote != '\'') {
        word += line[at++];
        continue;
      }
      for (++at; at < line.size() && line[at] != quote; ++at) {
        const char next = at + 1 < line.size() ? line[at + 1] : '\0';
        if (line[at] != '\\' || at + 1 >= line.size() || (quote == '\'' && next != '\'')) {
          word += line[at];
          continue;
        }
        ++at;
        if (next == 'x' && at + 2 < line.size() && hex_value(line[at + 1]) >= 0 &&
            hex_value(line[at + 2]) >= 0) {
          word += static_cast<char>(hex_value(line[at + 1]) * 16 + hex_value(line[at + 2]));
          at += 2;
          continue;
        }
        constexpr std::string_view kLetters = "nrtba", kMeanings = "\n\r\t\b\a";
        const size_t letter = quote == '"' ? kLetters.find(next) : std::string_view::npos;
        word += letter == std::string_view::npos ? next : kMeanings[letter];
      }
      if (at >= line.size()) return std::nullopt;
      ++at;
      if (!ends_word()) return std::nullopt;
    }
    words.push_back(std::move(word));
  }
}

}  // namespace scrubjay::cli
