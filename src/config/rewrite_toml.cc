#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "config/draft.h"
#include "config/option_table.h"
#include "config/rewrite.h"
#include "config/toml_bytes.h"
#include "config/toml_file.h"
#include "config/toml_library.h"

namespace scrubjay::config {
namespace {

// The end of a stretch of the text, and what takes its place.
struct Edit {
  size_t end = 0;
  std::string text;
};

// Byte offsets of places that the TOML reader gives as line and column.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text), lines_{0} {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') lines_.push_back(i + 1);
    }
  }

  size_t offset(const toml::source_position& place) const {
    return std::min(start_of_line(place.line) + place.column - 1, text_.size());
  }

  size_t end_of_line(size_t number) const { return start_of_line(number + 1); }

 private:
  size_t start_of_line(size_t number) const {
    return number <= lines_.size() ? lines_[number - 1] : text_.size();
  }

  std::string_view text_;
  std::vector<size_t> lines_;
};

class Rewriter {
 public:
  Rewriter(const Config& config, std::string_view text)
      : config_(config), text_(text), places_(text), ends_with_newline_(text.ends_with('\n')) {}

  Result<std::string> run() {
    const Status read = read_toml_text(draft_, text_, "the file");
    if (!read) return Error{read.error()};
    const toml::table root = toml::parse(disguise_bytes(text_));
    replace_changed(root);
    for (const auto& [key, node] : root) {
      if (const toml::table* section = node.as_table()) replace_changed(*section);
    }
    add_missing(root);
    return check(apply());
  }

 private:
  void replace_changed(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (node.is_table()) continue;
      const Option* option = find_toml_option(key.str());
      if (!option || option->flags & kFileOnly) continue;
      if (show(draft_.config(), *option) == show(config_, *option)) continue;
      edits_.insert({places_.offset(node.source().begin),
                     {places_.offset(node.source().end), toml_value(config_, *option)}});
    }
  }

  // Into the option's table if the file has it, else into a new one at the end.
  void add_missing(const toml::table& root) {
    std::map<Section, std::string> added;
    for (const Option* option : options()) {
      if (draft_.named(*option) || option->flags & kFileOnly) continue;
      if (is_default(config_, *option)) continue;
      added[option->section] +=
          fmt::format("{} = {}\n", option->name, toml_value(config_, *option));
    }
    std::string new_tables;
    for (const auto& [section, entries] : added) {
      const toml::table* table = root[section_name(section)].as_table();
      if (table) {
        const size_t at = places_.end_of_line(last_line(*table));
        const bool continues = at == text_.size() && !ends_with_newline_;
        edits_.insert({at, {at, continues ? '\n' + entries : entries}});
      } else {
        new_tables += fmt::format("\n[{}]\n{}", section_name(section), entries);
      }
    }
    if (new_tables.empty()) return;
    const bool marked = text_.find(kRewriteMarker) != std::string_view::npos;
    const std::string newline = ends_with_newline_ || text_.empty() ? "" : "\n";
    const std::string marker = marked ? "" : fmt::format("\n{}\n", kRewriteMarker);
    edits_.insert({text_.size(), {text_.size(), newline + marker + new_tables}});
  }

  static size_t last_line(const toml::table& table) {
    size_t last = table.source().begin.line;
    for (const auto& [key, node] : table) last = std::max<size_t>(last, node.source().end.line);
    return last;
  }

  std::string apply() {
    std::string out;
    size_t at = 0;
    for (const auto& [begin, edit] : edits_) {
      (out += text_.substr(at, begin - at)) += edit.text;
      at = edit.end;
    }
    return out += text_.substr(at);
  }

  // A layout that can't be edited line by line (inline tables) must not lose what it says.
  Result<std::string> check(std::string out) const {
    Draft after;
    const Status read = read_toml_text(after, out, "the new file");
    if (!read) return Error{read.error()};
    for (const Option* option : options()) {
      if (option->flags & kFileOnly) continue;
      if (show(after.config(), *option) != show(config_, *option))
        return Error{fmt::format("no place was found for {}", option->name)};
    }
    return out;
  }

  const Config& config_;
  std::string_view text_;
  Places places_;
  bool ends_with_newline_;
  Draft draft_;
  std::multimap<size_t, Edit> edits_;  // by the first byte
};

}  // namespace

Result<std::string> rewritten_toml(const Config& config, std::string_view text) {
  return Rewriter(config, text).run();
}

}  // namespace scrubjay::config
