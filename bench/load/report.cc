#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace scrubjay::load {
namespace {

double ratio_of(const Figure& figure) {
  return figure.ratio ? *figure.ratio : figure.ours / figure.theirs;
}

bool reached(const Figure& figure) {
  const Target& target = *figure.target;
  const double value = target.of == Target::Of::kRatio ? ratio_of(figure) : figure.ours;
  return target.bound == Target::Bound::kAtMost ? value <= target.limit : value >= target.limit;
}

std::string_view bound_sign(const Target& target) {
  return target.bound == Target::Bound::kAtMost ? "<=" : ">=";
}

std::string target_text(const Figure& figure) {
  if (!figure.target) return "";
  return fmt::format("{}{} {}", figure.target->of == Target::Of::kRatio ? "ratio " : "",
                     bound_sign(*figure.target), figure.target->limit);
}

std::string_view verdict(const Figure& figure) {
  if (!figure.target) return "";
  return reached(figure) ? "ok" : "MISS";
}

// Large figures without decimals, small ones with three significant digits.
std::string number(double value) {
  if (!std::isfinite(value)) return "-";
  if (std::abs(value) >= 100 || value == std::floor(value)) return fmt::format("{:.0f}", value);
  if (std::abs(value) >= 10) return fmt::format("{:.1f}", value);
  if (std::abs(value) >= 1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3f}", value);
}

std::string json_number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_figure(const Figure& figure) {
  std::string out = fmt::format(
      R"({{"scenario":{},"name":{},"unit":{},"ours":{},"theirs":{},"ratio":{})",
      json_string(figure.scenario), json_string(figure.name), json_string(figure.unit),
      json_number(figure.ours), json_number(figure.theirs), json_number(ratio_of(figure)));
  if (figure.target) {
    out +=
        fmt::format(R"(,"target":{{"of":"{}","bound":"{}","limit":{}}},"verdict":"{}")",
                    figure.target->of == Target::Of::kRatio ? "ratio" : "ours",
                    bound_sign(*figure.target), json_number(figure.target->limit), verdict(figure));
  }
  return out + '}';
}

}  // namespace

void Report::set(std::string name, std::string value) {
  settings_.emplace_back(std::move(name), std::move(value));
}

Figure& Report::add(Figure figure) {
  return figures_.emplace_back(std::move(figure));
}

void Report::add_failure(std::string scenario, std::string message) {
  failures_.emplace_back(std::move(scenario), std::move(message));
}

bool Report::missed() const {
  return std::any_of(figures_.begin(), figures_.end(),
                     [](const Figure& figure) { return figure.target && !reached(figure); });
}

std::string Report::table() const {
  std::string out;
  const auto line = std::back_inserter(out);
  for (const auto& [name, value] : settings_) fmt::format_to(line, "{}: {}\n", name, value);
  std::string_view scenario;
  for (const Figure& figure : figures_) {
    if (figure.scenario != scenario) {
      scenario = figure.scenario;
      fmt::format_to(line, "\n{:<44}{:>12}{:>12}{:>8}  {:<14}\n", scenario, "ours", "theirs",
                     "ratio", "target");
    }
    fmt::format_to(line, "  {:<42}{:>12}{:>12}{:>8}  {:<14}{}\n",
                   fmt::format("{}, {}", figure.name, figure.unit), number(figure.ours),
                   number(figure.theirs), number(ratio_of(figure)), target_text(figure),
                   verdict(figure));
  }
  for (const auto& [name, message] : failures_) {
    fmt::format_to(line, "\n{}: not measured: {}\n", name, message);
  }
  return out;
}

std::string Report::json() const {
  std::string out = "{\"settings\":{";
  const auto end = std::back_inserter(out);
  std::string_view comma;
  for (const auto& [name, value] : settings_) {
    fmt::format_to(end, "{}{}:{}", std::exchange(comma, ","), json_string(name),
                   json_string(value));
  }
  out += "},\"figures\":[";
  comma = "";
  for (const Figure& figure : figures_) {
    fmt::format_to(end, "{}\n{}", std::exchange(comma, ","), json_figure(figure));
  }
  out += "],\"failures\":[";
  comma = "";
  for (const auto& [name, message] : failures_) {
    fmt::format_to(end, "{}\n{{\"scenario\":{},\"message\":{}}}", std::exchange(comma, ","),
                   json_string(name), json_string(message));
  }
  return out + "]}\n";
}

}  // namespace scrubjay::load
