#include "config/help.h"

#include <fmt/format.h>

#include "config/option_lines.h"
#include "config/option_table.h"
#include "config/toml_file.h"

namespace scrubjay::config {
namespace {

constexpr size_t kLineWidth = 100;
constexpr size_t kNameWidth = 36;

constexpr std::string_view kUsage =
    "Usage: scrubjay [file] [-] [--option value ...]\n"
    "\n"
    "  file                  settings in the syntax of redis.conf, or TOML if it ends in .toml\n"
    "  -                     reads redis.conf lines from standard input as well\n"
    "  -h, --help            this text\n"
    "  -v, --version         name and version\n"
    "  --example-config      every option with its default, as a TOML file\n"
    "\n"
    "An option takes all words up to the next --; it wins over the file. For example:\n"
    "  scrubjay --port 7000 --bind 127.0.0.1 -::1 --maxmemory 1gb --maxmemory-policy allkeys-lru\n";

std::string first_lines_of_example() {
  return "# Every option with its default. Names may be written with - or _; sizes are bytes or\n"
         "# texts like \"100mb\". Start with: scrubjay config.example.toml\n";
}

bool is_used(const Option& option) {
  return !(option.flags & kKept);
}

// What an empty value would say is refused for these: the default is to have no value.
bool has_no_default(const Option& option) {
  return option.name == "dir";
}

std::string shown_default(const Option& option) {
  if (option.rule.kind == Kind::kMemory) return memory_text(default_text(option));
  if (option.flags & kRepeats)
    return fmt::format("{}", fmt::join(value_lines(Config{}, option), " "));
  return default_text(option);
}

// The names of the options without a use, in lines of at most kLineWidth.
std::string unused_names() {
  std::string text;
  std::string line = " ";
  for (const Option* option : options()) {
    if (is_used(*option) || option->flags & kHidden) continue;
    if (line.size() + 1 + option->name.size() > kLineWidth) {
      text += line + '\n';
      line = " ";
    }
    line += fmt::format(" {}", option->name);
  }
  return text + line + '\n';
}

// Calls each_option with every used option, and each_section before the first one of a section.
template <class EachSection, class EachOption>
void for_each_used(EachSection each_section, EachOption each_option) {
  const Option* before = nullptr;
  for (const Option* option : options()) {
    if (!is_used(*option)) continue;
    if (!before || before->section != option->section) each_section(option->section);
    each_option(*option);
    before = option;
  }
}

}  // namespace

std::string help_text() {
  std::string text(kUsage);
  for_each_used([&](Section section) { text += fmt::format("\n{}\n", section_name(section)); },
                [&](const Option& option) {
                  const std::string value = shown_default(option);
                  text += fmt::format("  --{:<{}} {}{}\n", option.name, kNameWidth - 4, option.help,
                                      value.empty() ? "" : fmt::format(" ({})", value));
                  text += fmt::format(
                      "{:{}}{}{}\n", "", kNameWidth + 1, allowed_text(option),
                      option.alias.empty() ? "" : fmt::format("; also --{}", option.alias));
                });
  return text + "\nAccepted without effect:\n" + unused_names();
}

std::string example_toml() {
  const Config defaults;
  std::string text = first_lines_of_example();
  for_each_used([&](Section section) { text += fmt::format("\n[{}]\n", section_name(section)); },
                [&](const Option& option) {
                  text += fmt::format("\n# {}: {}.\n", option.help, allowed_text(option));
                  text += has_no_default(option)
                              ? fmt::format("# {} = \"\"\n", option.name)
                              : fmt::format("{} = {}\n", option.name, toml_value(defaults, option));
                });
  return text;
}

}  // namespace scrubjay::config
