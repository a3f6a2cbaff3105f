#include "config/rewrite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "config/draft.h"
#include "config/option_lines.h"
#include "config/option_table.h"
#include "config/words.h"

namespace scrubjay::config {
namespace {

struct Line {
  std::string_view text;
  const Option* option = nullptr;
  std::vector<std::string> values;
};

std::vector<Line> read_lines(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Line line;
    line.text = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view trimmed = trim(line.text);
    auto words = trimmed.starts_with('#') ? std::nullopt : split_words(trimmed);
    if (words && !words->empty()) {
      line.option = find_option(words->front());
      line.values.assign(words->begin() + 1, words->end());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

// What the file says about an option, and what becomes of its lines.
struct Plan {
  Draft draft;
  bool valid = true;
  size_t first = 0;
  size_t last = 0;
  bool replace = false;
};

std::map<const Option*, Plan> make_plans(const Config& config, const std::vector<Line>& lines) {
  std::map<const Option*, Plan> plans;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Option* option = lines[i].option;
    if (!option) continue;
    const auto [at, added] = plans.try_emplace(option);
    Plan& plan = at->second;
    if (added) plan.first = i;
    plan.last = i;
    plan.valid = plan.draft.assign(*option, lines[i].values) && plan.valid;
  }
  for (auto& [option, plan] : plans) {
    plan.replace = !plan.valid || show(plan.draft.config(), *option) != show(config, *option);
  }
  return plans;
}

void write_option(std::string& out, const Config& config, const Option& option) {
  for (const std::string& line : value_lines(config, option)) {
    out += fmt::format("{} {}\n", option.name, line);
  }
}

std::string fail(std::string_view what) {
  return fmt::format("Rewriting config file: {}", what);
}

// Closes and, unless it was kept, removes the file it stands for.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, mode_t mode)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) {}
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    if (!kept_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool write(std::string_view text) {
    while (descriptor_ >= 0 && !text.empty()) {
      const ssize_t count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) text.remove_prefix(static_cast<size_t>(count));
    }
    return descriptor_ >= 0 && ::fsync(descriptor_) == 0;
  }

  bool move_to(const std::string& target) {
    kept_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  int descriptor_;
  bool kept_ = false;
};

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

Status replace_file(const std::string& path, std::string_view text) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);  // a link stays a link
  if (error) return Error{fail(error.message())};
  struct stat status {};
  ::stat(target.c_str(), &status);
  TemporaryFile file(fmt::format("{}.{}.tmp", target.string(), ::getpid()), status.st_mode & 07777);
  if (!file.write(text) || !file.move_to(target.string())) return Error{fail(std::strerror(errno))};
  sync_folder(target.parent_path());
  return Done{};
}

}  // namespace

Result<std::string> rewritten_redis_conf(const Config& config, std::string_view text) {
  const std::vector<Line> lines = read_lines(text);
  const auto plans = make_plans(config, lines);
  std::string out;
  bool marked = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Option* option = lines[i].option;
    marked = marked || trim(lines[i].text) == kRewriteMarker;
    const bool fixed = !option || option->flags & kFileOnly;
    if (!fixed && plans.at(option).replace) {
      if (plans.at(option).first == i) write_option(out, config, *option);
      continue;
    }
    const bool superseded = !fixed && !(option->flags & kRepeats) && plans.at(option).last != i;
    if (!superseded) (out += lines[i].text) += '\n';
  }
  for (const Option* option : options()) {
    if (plans.contains(option) || is_default(config, *option)) continue;
    if (option->flags & kFileOnly) continue;
    if (!marked) out += fmt::format("\n{}\n", kRewriteMarker);
    marked = true;
    write_option(out, config, *option);
  }
  return out;
}

Status rewrite_file(const Config& config, const std::string& path) {
  if (path.empty()) return Error{"The server is running without a config file"};
  const auto before = read_source(path);
  if (!before) return Error{fail(before.error())};
  const auto after = path.ends_with(".toml") ? rewritten_toml(config, *before)
                                             : rewritten_redis_conf(config, *before);
  if (!after) return Error{fail(after.error())};
  return replace_file(path, *after);
}

}  // namespace scrubjay::config
