#include "config/redis_conf_file.h"

#include <glob.h>

#include <vector>

#include "base/text.h"
#include "config/option_table.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

constexpr int kMaxIncludes = 16;  // files that include each other

std::vector<std::string> files_of_pattern(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) return {pattern};
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

class Reader {
 public:
  Reader(Draft& draft, int depth) : draft_(draft), depth_(depth) {}

  Status read_file(const std::string& path) {
    const auto text = read_source(path);
    if (!text) return Error{text.error()};
    return read_text(*text, path, 1);
  }

  Status read_text(std::string_view text, std::string_view origin, size_t number) {
    for (; !text.empty(); ++number) {
      const size_t end = std::min(text.find('\n'), text.size());
      const SourceLine line{origin, number, trim(text.substr(0, end))};
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.text.empty() || line.text.front() == '#') continue;
      const Status status = read_line(line);
      if (!status) return status;
    }
    return Done{};
  }

 private:
  Status read_line(const SourceLine& line) {
    const auto words = split_words(line.text);
    if (!words) return source_error(line, "Unbalanced quotes in configuration line", nullptr);
    if (words->empty()) return Done{};
    const std::span<const std::string> values = std::span(*words).subspan(1);
    if (equal_ignoring_case(words->front(), "include") && values.size() == 1)
      return include(line, values[0]);
    const Option* option = find_option(words->front());
    if (!option) return source_error(line, "Bad directive or wrong number of arguments", nullptr);
    const Status status = draft_.assign(*option, values);
    if (!status) return source_error(line, status.error(), option);
    return Done{};
  }

  Status include(const SourceLine& line, const std::string& pattern) {
    if (depth_ >= kMaxIncludes)
      return source_error(line, "Too many files include each other", nullptr);
    for (const std::string& path : files_of_pattern(pattern)) {
      const Status status = Reader(draft_, depth_ + 1).read_file(path);
      if (!status) return status;
    }
    return Done{};
  }

  Draft& draft_;
  int depth_;
};

}  // namespace

Status read_redis_conf(Draft& draft, const std::string& path) {
  return Reader(draft, 0).read_file(path);
}

Status read_redis_conf_text(Draft& draft, std::string_view text, std::string_view origin,
                            size_t first_line) {
  return Reader(draft, 0).read_text(text, origin, first_line);
}

}  // namespace scrubjay::config
