// A configuration while its sources are read, one after the other: the file, then the command line.
// Also the text of errors in a source. Used by the readers and by command_line. One thread.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/option.h"

namespace scrubjay::config {

class Draft {
 public:
  // The error is the bare reason.
  Status assign(const Option& option, std::span<const std::string> words);

  const Config& config() const { return config_; }
  bool named(const Option& option) const { return named_.contains(option.name); }

  // Options without a use that were given a value other than their default, "no" or nothing.
  std::vector<std::string_view> unused() const;

 private:
  Config config_;
  std::set<std::string_view> named_;
};

struct SourceLine {
  std::string_view origin;  // a file's path, or "command line"
  size_t number = 0;        // from 1
  std::string_view text;
};

// Redis's lines, and below them the origin, the option and what it accepts.
Error source_error(const SourceLine& line, std::string_view reason, const Option* option);

// The whole file, or standard input for "-".
Result<std::string> read_source(const std::string& path);

}  // namespace scrubjay::config
