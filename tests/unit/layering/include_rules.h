// The layering of the sources as a table, and a checker for one #include line against it. Pure: the
// test below feeds it the real files and lines that must be refused.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scrubjay::test {

// What each folder of src/ may include besides itself. Everybody may include include/scrubjay.
inline const std::map<std::string, std::vector<std::string>, std::less<>>& include_rules() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> rules = [] {
    std::map<std::string, std::vector<std::string>, std::less<>> table;
    const auto add = [&](const char* folder, std::vector<std::string> below) {
      table.emplace(folder, std::move(below));
    };
    add("base", {});
    for (const char* folder : {"resp", "schema", "config", "metrics", "memcache"}) {
      add(folder, {"base"});
    }
    add("cli", {"base", "resp"});
    std::vector<std::string> below = {"base", "resp", "schema", "config", "metrics", "memcache"};
    add("objects", below);
    below.push_back("objects");
    add("store", below);
    below.push_back("store");
    for (const char* folder : {"pubsub", "acl", "lua", "rdb"}) add(folder, below);
    std::vector<std::string> with_rdb = below;
    with_rdb.push_back("rdb");
    add("replication", with_rdb);
    for (const char* folder : {"pubsub", "acl", "lua", "rdb", "replication"}) {
      below.push_back(folder);
    }
    add("engine", below);
    below.push_back("engine");
    add("commands", below);
    add("net", below);
    add("dashboard", {});
    return table;
  }();
  return rules;
}

// What an #include line names; nothing for other lines.
inline std::optional<std::string_view> included(std::string_view line) {
  const auto skip_blanks = [&] {
    while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
  };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(7);
  skip_blanks();
  if (line.empty() || (line[0] != '"' && line[0] != '<')) return std::nullopt;
  const char end = line[0] == '"' ? '"' : '>';
  line.remove_prefix(1);
  const size_t size = line.find(end);
  if (size == std::string_view::npos) return std::nullopt;
  return line.substr(0, size);
}

// Why a file may not hold this line, "" if it may. `file` is relative to the repository:
// "src/net/x.cc", "src/main.cc", "include/scrubjay/clock.h".
inline std::string why_refused(std::string_view file, std::string_view line) {
  const auto name = included(line);
  if (!name) return "";
  const auto refuse = [&](std::string_view why) {
    return std::string(file) + " includes " + std::string(*name) + ": " + std::string(why);
  };
  const bool library = file.starts_with("include/");
  if (file == "src/main.cc") return "";
  std::string folder;
  if (!library) {
    const std::string_view inside = file.substr(std::string_view("src/").size());
    folder = inside.substr(0, inside.find('/'));
  }
  if (name->starts_with("boost/asio") && folder != "net") return refuse("only net/ knows Asio");
  if (name->starts_with("scrubjay/")) return "";
  const size_t slash = name->find('/');
  if (slash == std::string_view::npos) {
    return library && line.find('"') != std::string_view::npos ? refuse("not by its full path")
                                                               : "";
  }
  const std::string target(name->substr(0, slash));
  const auto& rules = include_rules();
  if (!rules.contains(target)) return "";  // a library or the system
  if (library) return refuse("include/ stands on the standard library alone");
  const auto rule = rules.find(folder);
  if (rule == rules.end()) return refuse("this folder has no row in the table of layers");
  if (target == folder) return "";
  const auto& below = rule->second;
  return std::find(below.begin(), below.end(), target) != below.end() ? "" : refuse("upwards");
}

}  // namespace scrubjay::test
