// Patterns that are listened to, found by the text that a channel's name must begin with, so that a
// message is matched only against patterns whose beginning fits. Used under the hub's lock.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/glob.h"
#include "base/hash.h"
#include "pubsub/channel.h"

namespace scrubjay::pubsub {

struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return hash_of(name); }
};
template <class Value>
using NameMap = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

class PatternIndex {
 public:
  // What every name that the pattern matches begins with.
  static std::string_view literal_prefix(std::string_view pattern) {
    return pattern.substr(0, pattern.find_first_of("*?[\\"));
  }

  size_t size() const { return size_; }

  Channel& get_or_add(std::string_view pattern) {
    const std::string_view prefix = literal_prefix(pattern);
    NameMap<Channel>& group = groups_[prefix.size()].try_emplace(std::string(prefix)).first->second;
    const auto [found, added] = group.try_emplace(std::string(pattern));
    if (added) ++size_;
    return found->second;
  }
  Channel* find(std::string_view pattern) {
    const std::string_view prefix = literal_prefix(pattern);
    const auto length = groups_.find(prefix.size());
    if (length == groups_.end()) return nullptr;
    const auto group = length->second.find(prefix);
    if (group == length->second.end()) return nullptr;
    const auto found = group->second.find(pattern);
    return found == group->second.end() ? nullptr : &found->second;
  }
  void remove(std::string_view pattern) {
    const std::string_view prefix = literal_prefix(pattern);
    const auto length = groups_.find(prefix.size());
    const auto group = length->second.find(prefix);
    group->second.erase(group->second.find(pattern));
    --size_;
    if (group->second.empty()) length->second.erase(group);
    if (length->second.empty()) groups_.erase(length);
  }

  // Calls f(pattern, channel) for each pattern that matches the name.
  template <class F>
  void each_match(std::string_view name, F&& f) const {
    for (const auto& [length, prefixes] : groups_) {
      if (length > name.size()) return;
      const auto group = prefixes.find(name.substr(0, length));
      if (group == prefixes.end()) continue;
      for (const auto& [pattern, channel] : group->second) {
        if (glob_match(pattern, name)) f(pattern, channel);
      }
    }
  }

 private:
  // By the length of the prefix, then by the prefix, then by the pattern.
  std::map<size_t, NameMap<NameMap<Channel>>> groups_;
  size_t size_ = 0;
};

}  // namespace scrubjay::pubsub
