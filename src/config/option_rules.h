// What option rows are made of: rules ("an integer from 1 to 10"), the checks of the options that
// follow no common rule, and fields. Used by option_rows_*.cc only.
#pragma once

#include <climits>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "config/option.h"

namespace scrubjay::config {

constexpr uint64_t kMaxInt = INT_MAX;
constexpr uint64_t kMaxInt64 = INT64_MAX;

constexpr Rule boolean() {
  return {.kind = Kind::kBool};
}
constexpr Rule integer(int64_t low, uint64_t high) {
  return {.kind = Kind::kInteger, .low = low, .high = high};
}
constexpr Rule memory(int64_t low = 0, uint64_t high = kMaxInt64) {
  return {.kind = Kind::kMemory, .low = low, .high = high};
}
constexpr Rule choice(std::span<const std::string_view> names, size_t own_choices = 0) {
  return {.kind = Kind::kChoice, .choices = names, .own_choices = own_choices};
}
constexpr Rule text(Special special = nullptr, std::string_view allowed = "any text") {
  return {.kind = Kind::kText, .special = special, .allowed = allowed};
}
constexpr Rule words(Special special, std::string_view allowed) {
  return {.kind = Kind::kWords, .special = special, .allowed = allowed};
}

// Checks of single options.
Result<std::string> check_bind(const Option&, const Assignment&);
Result<std::string> check_output_buffer_limits(const Option&, const Assignment&);
Result<std::string> check_keyspace_events(const Option&, const Assignment&);
Result<std::string> check_percentiles(const Option&, const Assignment&);
Result<std::string> check_hz(const Option&, const Assignment&);
Result<std::string> check_file_name(const Option&, const Assignment&);
Result<std::string> check_directory(const Option&, const Assignment&);
Result<std::string> check_title_template(const Option&, const Assignment&);
Result<std::string> check_save_points(const Option&, const Assignment&);
Result<std::string> check_oom_score(const Option&, const Assignment&);
Result<std::string> check_replicaof(const Option&, const Assignment&);
Result<std::string> check_shutdown_flags(const Option&, const Assignment&);
Result<std::string> check_rename(const Option&, const Assignment&);
Result<std::string> check_line(const Option&, const Assignment&);

// Field values to text and back.
std::string show_value(const Option&, bool);
std::string show_value(const Option&, int64_t);
std::string show_value(const Option&, uint64_t);
std::string show_value(const Option&, uint32_t keyspace_events);
std::string show_value(const Option&, const std::string&);
std::string show_value(const Option&, const std::vector<std::string>&);
std::string show_value(const Option&, const std::vector<std::pair<std::string, std::string>>&);
std::string show_value(const Option&, const std::vector<double>&);
std::string show_value(const Option&, const OutputBufferLimits&);

void store_value(bool&, const Option&, std::string_view);
void store_value(int64_t&, const Option&, std::string_view);
void store_value(uint64_t&, const Option&, std::string_view);
void store_value(uint32_t& keyspace_events, const Option&, std::string_view);
void store_value(std::string&, const Option&, std::string_view);
void store_value(std::vector<std::string>&, const Option&, std::string_view);
void store_value(std::vector<std::pair<std::string, std::string>>&, const Option&,
                 std::string_view);
void store_value(std::vector<double>&, const Option&, std::string_view);
void store_value(OutputBufferLimits&, const Option&, std::string_view);

// dir is the working directory unless one was given.
std::string show_directory(const Config&, const Option&);

size_t choice_index(const Option&, std::string_view name);

template <auto Member>
constexpr Field field() {
  using Value = std::remove_cvref_t<decltype(std::declval<Config>().*Member)>;
  if constexpr (std::is_enum_v<Value>) {
    return {.show =
                [](const Config& config, const Option& option) {
                  return std::string(option.rule.choices[static_cast<size_t>(config.*Member)]);
                },
            .store =
                [](Config& config, const Option& option, std::string_view text) {
                  config.*Member = static_cast<Value>(choice_index(option, text));
                }};
  } else {
    return {.show = [](const Config& config,
                       const Option& option) { return show_value(option, config.*Member); },
            .store = [](Config& config, const Option& option,
                        std::string_view text) { store_value(config.*Member, option, text); }};
  }
}

std::span<const Option> server_option_rows();  // network, threads, clients, security, process
std::span<const Option> data_option_rows();    // memory, keyspace, encodings, scripting, monitoring
std::span<const Option> persistence_option_rows();  // persistence, replication
std::span<const Option> other_option_rows();        // cluster, tls, tuning

}  // namespace scrubjay::config
