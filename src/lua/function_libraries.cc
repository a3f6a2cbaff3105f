#include "lua/function_libraries.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lua/library_header.h"

namespace scrubjay::lua {

bool LessIgnoringCase::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(
      a, b, [](char left, char right) { return to_lower(left) < to_lower(right); });
}

void FunctionLibraries::Set::link(LibraryPtr library) {
  for (const auto& [name, function] : library->functions()) functions.emplace(name, &function);
  libraries.emplace(library->name(), std::move(library));
}

void FunctionLibraries::Set::unlink(std::string_view name) {
  const auto found = libraries.find(name);
  if (found == libraries.end()) return;
  for (const auto& [function_name, function] : found->second->functions()) {
    const auto place = functions.find(function_name);
    if (place != functions.end() && place->second == &function) functions.erase(place);
  }
  libraries.erase(found);
}

const Function* FunctionLibraries::Set::collision_with(const Set& other) const {
  for (const auto& [name, function] : functions) {
    const auto found = other.functions.find(name);
    if (found == other.functions.end()) continue;
    const bool goes = std::ranges::any_of(libraries, [&](const auto& item) {
      const auto old = other.libraries.find(item.first);
      if (old == other.libraries.end()) return false;
      const auto& theirs = old->second->functions();
      const auto place = theirs.find(found->second->name);
      return place != theirs.end() && &place->second == found->second;
    });
    if (!goes) return function;
  }
  return nullptr;
}

Interpreter& FunctionLibraries::interpreter() {
  if (!interpreter_) {
    interpreter_ = std::make_unique<Interpreter>(open_function_globals);
    shown_interpreter_.store(interpreter_.get(), std::memory_order_release);
  }
  return *interpreter_;
}

uint64_t FunctionLibraries::interpreter_bytes() const {
  const Interpreter* shown = shown_interpreter_.load(std::memory_order_acquire);
  return shown == nullptr ? 0 : shown->memory();
}

void FunctionLibraries::count() {
  uint64_t bytes = 0;
  uint64_t functions = 0;
  for (const auto& [name, library] : set_.libraries) {
    bytes += library->bytes();
    functions += library->functions().size();
  }
  bytes_.store(bytes, std::memory_order_relaxed);
  function_count_.store(functions, std::memory_order_relaxed);
  library_count_.store(set_.libraries.size(), std::memory_order_relaxed);
}

Result<std::string> FunctionLibraries::load(std::string_view code, bool replace, ScriptHost& host) {
  const auto header = parse_library_header(code);
  if (!header) return Error{header.error()};
  if (!replace && set_.libraries.contains(header->name))
    return Error{"Library '" + header->name + "' already exists"};
  auto library = Library::load(interpreter(), code, host);
  if (!library) return Error{library.error()};
  Set fresh;
  fresh.link(*library);
  if (const Function* taken = fresh.collision_with(set_))
    return Error{"Function " + taken->name + " already exists"};
  set_.unlink(header->name);
  set_.link(*library);
  count();
  return header->name;
}

Status FunctionLibraries::restore(std::span<const std::string> codes, Collision collision,
                                  ScriptHost& host) {
  Set fresh;
  for (const std::string& code : codes) {
    const auto header = parse_library_header(code);
    if (!header) return Error{header.error()};
    if (fresh.libraries.contains(header->name))
      return Error{"Library '" + header->name + "' already exists"};
    auto library = Library::load(interpreter(), code, host);
    if (!library) return Error{library.error()};
    Set one;
    one.link(*library);
    if (const Function* taken = one.collision_with(fresh))
      return Error{"Function " + taken->name + " already exists"};
    fresh.link(*library);
  }
  if (collision == Collision::kFlush) {
    std::swap(set_, fresh);
  } else {
    for (const auto& [name, library] : fresh.libraries) {
      if (collision == Collision::kRefuse && set_.libraries.contains(name))
        return Error{"Library " + name + " already exists"};
    }
    if (const Function* taken = fresh.collision_with(set_))
      return Error{"Function " + taken->name + " already exists"};
    for (const auto& [name, library] : fresh.libraries) {
      set_.unlink(name);
      set_.link(library);
    }
  }
  count();
  return Done{};
}

bool FunctionLibraries::erase(std::string_view name) {
  const bool found = set_.libraries.contains(name);
  set_.unlink(name);
  count();
  return found;
}

// What the functions held goes at once.
void FunctionLibraries::clear() {
  set_ = {};
  count();
  if (interpreter_) lua_gc(interpreter_->state(), LUA_GCCOLLECT, 0);
}

const Function* FunctionLibraries::find(std::string_view name) const {
  const auto found = set_.functions.find(name);
  return found == set_.functions.end() ? nullptr : found->second;
}

}  // namespace scrubjay::lua
