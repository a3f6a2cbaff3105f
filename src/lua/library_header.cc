#include "lua/library_header.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "config/words.h"

namespace scrubjay::lua {

bool is_library_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<LibraryHeader> parse_library_header(std::string_view code) {
  if (!code.starts_with("#!")) return Error{"Missing library metadata"};
  const size_t end = code.find('\n');
  if (end == std::string_view::npos) return Error{"Invalid library metadata"};
  const auto words = config::split_words(code.substr(0, end));
  if (!words || words->empty()) return Error{"Invalid library metadata"};
  constexpr std::string_view kName = "name=";
  std::optional<std::string> name;
  for (size_t i = 1; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    if (!equal_ignoring_case(std::string_view(word).substr(0, kName.size()), kName))
      return Error{"Invalid metadata value given: " + word};
    if (name) return Error{"Invalid metadata value, name argument was given multiple times"};
    name = word.substr(kName.size());
  }
  if (!name) return Error{"Library name was not given"};
  if (!is_library_name(*name)) return Error{std::string(kBadLibraryName)};
  const std::string engine = words->front().substr(2);
  if (!equal_ignoring_case(engine, "lua")) return Error{"Engine '" + engine + "' not found"};
  return LibraryHeader{std::move(*name), code.substr(end)};
}

}  // namespace scrubjay::lua
