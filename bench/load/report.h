// The figures of a run, ours beside theirs: as a table and as one JSON document. Filled by the
// scenarios; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scrubjay::load {

struct Target {
  enum class Of { kRatio, kOurs };
  enum class Bound { kAtMost, kAtLeast };
  Of of = Of::kOurs;
  Bound bound = Bound::kAtMost;
  double limit = 0;
};

struct Figure {
  std::string scenario;
  std::string name;
  std::string unit;
  double ours = 0;
  double theirs = 0;
  std::optional<double> ratio;   // ours / theirs when empty
  std::optional<Target> target;  // without one the figure is for information
};

class Report {
 public:
  // What the run was made with ("ours" -> a path, "seconds per cell" -> "2").
  void set(std::string name, std::string value);
  // The figure as it stands in the report, until the next one is added.
  Figure& add(Figure figure);
  // A scenario that could not be measured.
  void add_failure(std::string scenario, std::string message);

  bool missed() const;
  bool failed() const { return !failures_.empty(); }
  std::string table() const;
  std::string json() const;

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  Pairs settings_;
  std::vector<Figure> figures_;
  Pairs failures_;
};

}  // namespace scrubjay::load
