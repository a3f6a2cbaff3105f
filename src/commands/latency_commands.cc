// LATENCY: spikes of single events, and histograms of all commands.
#include <algorithm>

#include "commands/help.h"
#include "commands/table.h"
#include "engine/context.h"

namespace scrubjay::commands {
namespace {

using namespace engine;

constexpr size_t kGraphWidth = 80;

const LatencyMonitor::Event* find_event(const std::vector<LatencyMonitor::Event>& events,
                                        std::string_view name) {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const auto& event) { return event.name == name; });
  return found == events.end() ? nullptr : &*found;
}

void latency_latest(CommandContext& c) {
  const auto events = c.services.latency_monitor.events();
  c.reply.array(static_cast<int64_t>(events.size()));
  for (const auto& event : events) {
    c.reply.array(4);
    c.reply.bulk(event.name);
    c.reply.integer(event.samples.back().unix_seconds);
    c.reply.integer(event.samples.back().ms);
    c.reply.integer(event.max_ms);
  }
}

void latency_history(CommandContext& c) {
  const auto events = c.services.latency_monitor.events();
  const auto* event = find_event(events, c.args.next());
  if (event == nullptr) return c.reply.array(0);
  c.reply.array(static_cast<int64_t>(event->samples.size()));
  for (const auto& sample : event->samples) {
    c.reply.array(2);
    c.reply.integer(sample.unix_seconds);
    c.reply.integer(sample.ms);
  }
}

void latency_reset(CommandContext& c) {
  std::vector<std::string> names;
  while (!c.args.at_end()) names.emplace_back(c.args.next());
  c.reply.integer(static_cast<int64_t>(c.services.latency_monitor.reset(names)));
}

// "5s", "12m", "3h", "2d": how long ago, in the largest whole unit.
std::string short_age(int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86400) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

// Four rows of marks, the higher the slower, above the ages of the samples written downwards.
std::string draw(const LatencyMonitor::Event& event, int64_t now_s) {
  constexpr int kRows = 4;
  const size_t shown = std::min(event.samples.size(), kGraphWidth);
  const auto first = event.samples.end() - static_cast<std::ptrdiff_t>(shown);
  int64_t low = event.max_ms;
  int64_t high = 0;
  std::vector<std::string> labels;
  size_t label_rows = 0;
  for (auto sample = first; sample != event.samples.end(); ++sample) {
    low = std::min(low, sample->ms);
    high = std::max(high, sample->ms);
    labels.push_back(short_age(now_s - sample->unix_seconds));
    label_rows = std::max(label_rows, labels.back().size());
  }
  std::string text =
      fmt::format("{} - high {} ms, low {} ms (all time high {} ms)\n{}\n", event.name, high, low,
                  event.max_ms, std::string(kGraphWidth, '-'));
  for (int row = kRows - 1; row >= 0; --row) {
    for (auto sample = first; sample != event.samples.end(); ++sample) {
      const int64_t level = high == low ? 0 : (sample->ms - low) * kRows / (high - low + 1);
      text += level == row ? '#' : level > row ? '|' : row == 0 ? '_' : ' ';
    }
    text += '\n';
  }
  text += '\n';
  for (size_t row = 0; row < label_rows; ++row) {
    for (const std::string& label : labels) text += row < label.size() ? label[row] : ' ';
    text += '\n';
  }
  return text;
}

void latency_graph(CommandContext& c) {
  const std::string_view name = c.args.next();
  const auto events = c.services.latency_monitor.events();
  const auto* event = find_event(events, name);
  if (event == nullptr) fail("ERR No samples available for event '{}'", name);
  c.reply.verbatim(draw(*event, c.now_ms() / 1000));
}

void latency_doctor(CommandContext& c) {
  const int64_t threshold = c.services.config.latency_monitor_threshold_ms;
  const auto events = c.services.latency_monitor.events();
  if (threshold == 0 && events.empty()) {
    return c.reply.verbatim(
        "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. "
        "You may use "
        "\"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it.\n");
  }
  if (events.empty()) {
    return c.reply.verbatim(
        "Dave, no latency spike was observed during the lifetime of this Redis instance, not in "
        "the slightest "
        "bit. I honestly think you ought to sit down calmly, take a stress pill, and think things "
        "over.\n");
  }
  std::string text = fmt::format(
      "Dave, I have observed latency spikes in this Redis instance (threshold {} ms):\n\n",
      threshold);
  int number = 0;
  for (const auto& event : events) {
    int64_t sum = 0;
    for (const auto& sample : event.samples) sum += sample.ms;
    text += fmt::format("{}. {}: {} latency spikes (average {}ms). Worst all time event {}ms.\n",
                        ++number, event.name, event.samples.size(),
                        sum / static_cast<int64_t>(event.samples.size()), event.max_ms);
  }
  text += "\nSLOWLOG GET shows which commands were slow; INFO latencystats how long each takes.\n";
  c.reply.verbatim(text);
}

// How many calls stayed within 2^n microseconds, from the first bucket that is not empty to the
// last.
void reply_histogram(CommandContext& c, const metrics::LatencyHistogram& histogram) {
  c.reply.map(2);
  c.reply.bulk("calls");
  c.reply.integer(static_cast<int64_t>(histogram.total()));
  c.reply.bulk("histogram_usec");
  const size_t place = c.reply.array_later();
  int64_t pairs = 0;
  uint64_t previous = 0;
  for (uint64_t us = 1; us <= uint64_t{1} << 30 && previous < histogram.total(); us *= 2) {
    const uint64_t count = us == uint64_t{1} << 30 ? histogram.total() : histogram.below(us * 1024);
    if (count == previous) continue;
    c.reply.integer(static_cast<int64_t>(us));
    c.reply.integer(static_cast<int64_t>(count));
    previous = count;
    ++pairs;
  }
  c.reply.set_map_length(place, pairs);
}

void latency_histogram(CommandContext& c) {
  std::vector<const schema::Command*> wanted;
  const auto add = [&](const schema::Command* command) {
    if (std::find(wanted.begin(), wanted.end(), command) == wanted.end()) wanted.push_back(command);
  };
  if (c.args.at_end()) {
    for (size_t id = 0; id < c.services.commands.size(); ++id) add(&c.services.commands[id]);
  }
  while (!c.args.at_end()) {
    const std::string name = to_lower(c.args.next());
    for (size_t id = 0; id < c.services.commands.size(); ++id) {
      const schema::Command& command = c.services.commands[id];
      if (command.name == name || (command.parent != nullptr && command.parent->name == name))
        add(&command);
    }
  }
  const size_t place = c.reply.array_later();
  int64_t shown = 0;
  for (const schema::Command* command : wanted) {
    metrics::LatencyHistogram sum;
    for (const auto& worker : c.services.workers) {
      const auto& counters = worker->counters.commands[command->id];
      if (counters.histogram) sum.merge(*counters.histogram);
    }
    if (sum.total() == 0) continue;
    c.reply.bulk(command->name);
    reply_histogram(c, sum);
    ++shown;
  }
  c.reply.set_map_length(place, shown);
}

void latency_help(CommandContext& c) {
  reply_help(c, {"DOCTOR", "    Return a human readable latency analysis report.", "GRAPH <event>",
                 "    Return an ASCII latency graph for the <event> class.", "HISTORY <event>",
                 "    Return time-latency samples for the <event> class.", "LATEST",
                 "    Return the latest latency samples for all events.", "RESET [<event> ...]",
                 "    Reset latency data of one or more <event> classes.",
                 "    (default: reset all data for all event classes)", "HISTOGRAM [COMMAND ...]",
                 "    Return a cumulative distribution of latencies in the format of a histogram "
                 "for the specified command names.",
                 "    If no commands are specified then all histograms are replied."});
}

using schema::CommandSpec;
using enum schema::Flag;
constexpr auto kServer = schema::Group::kServer;
constexpr uint32_t kCommon = kAdmin | kNoScript | kLoading | kStale;

constexpr CommandSpec kRows[] = {
    {.syntax = "LATENCY",
     .group = kServer,
     .since = "2.8.13",
     .complexity = "Depends on subcommand.",
     .summary = "A container for latency diagnostics commands."},
    {.syntax = "LATENCY DOCTOR",
     .handler = latency_doctor,
     .flags = kCommon,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns a human-readable latency analysis report."},
    {.syntax = "LATENCY GRAPH event",
     .handler = latency_graph,
     .flags = kCommon,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns a latency graph for an event."},
    {.syntax = "LATENCY HELP",
     .handler = latency_help,
     .flags = kLoading | kStale,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns helpful text about the different subcommands."},
    {.syntax = "LATENCY HISTOGRAM [command [command ...]]",
     .handler = latency_histogram,
     .flags = kCommon | kWorld,
     .group = kServer,
     .since = "7.0.0",
     .complexity =
         "O(N) where N is the number of commands with latency information being retrieved.",
     .summary = "Returns the cumulative distribution of latencies of a subset or all commands."},
    {.syntax = "LATENCY HISTORY event",
     .handler = latency_history,
     .flags = kCommon,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns timestamp-latency samples for an event."},
    {.syntax = "LATENCY LATEST",
     .handler = latency_latest,
     .flags = kCommon,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Returns the latest latency samples for all events."},
    {.syntax = "LATENCY RESET [event [event ...]]",
     .handler = latency_reset,
     .flags = kCommon,
     .group = kServer,
     .since = "2.8.13",
     .complexity = "O(1)",
     .summary = "Resets the latency data for one or more events."},
};

}  // namespace

Rows latency_rows() {
  return kRows;
}

}  // namespace scrubjay::commands
