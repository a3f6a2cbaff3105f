#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <memory>

namespace scrubjay::log {
namespace {

std::atomic<Level> current_level{Level::kNotice};

// The mark that stands for the level: . - * #
class LevelMark : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    char mark = '*';
    switch (message.level) {
      case spdlog::level::trace:
        mark = '.';
        break;
      case spdlog::level::debug:
        mark = '-';
        break;
      case spdlog::level::warn:
        mark = '#';
        break;
      default:
        break;
    }
    out.push_back(mark);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelMark>();
  }
};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::trace;
    case Level::kVerbose:
      return spdlog::level::debug;
    case Level::kNotice:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kNothing:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance;
  return instance;
}

}  // namespace

std::string open(const std::string& file, Level level) {
  try {
    spdlog::sink_ptr sink;
    if (file.empty())
      sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<LevelMark>('*').set_pattern("%P:M %d %b %Y %H:%M:%S.%e %* %v");
    sink->set_formatter(std::move(formatter));
    logger() = std::make_shared<spdlog::logger>("scrubjay", std::move(sink));
    logger()->set_level(spdlog::level::trace);
    logger()->flush_on(spdlog::level::trace);
  } catch (const spdlog::spdlog_ex& error) {
    return error.what();
  }
  set_level(level);
  return "";
}

void set_level(Level level) {
  current_level = level;
}

bool enabled(Level level) {
  return logger() && level >= current_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view text) {
  if (enabled(level)) logger()->log(spdlog_level(level), text);
}

}  // namespace scrubjay::log
