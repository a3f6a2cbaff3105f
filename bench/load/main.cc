// bench_load: asks Scrubjay and redis-server the same questions in one run; see README.md.
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "scenarios.h"

namespace {

using namespace scrubjay::load;

struct Cores {
  int server = 0;
  int generator = 0;
};

// The first and the last core this process may use; the same one when there is but one.
Cores choose_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  Cores cores{.server = -1};
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(static_cast<unsigned>(core), &allowed)) continue;
    if (cores.server < 0) cores.server = core;
    cores.generator = core;
  }
  return cores;
}

void run(Bench& bench, const std::vector<std::string>& names) {
  for (const Scenario& scenario : scenarios()) {
    if (std::find(names.begin(), names.end(), scenario.name) == names.end()) continue;
    fmt::print(stderr, "{}: {} ...\n", scenario.name, scenario.question);
    try {
      scenario.measure(bench);
    } catch (const std::exception& problem) {
      bench.report.add_failure(std::string(scenario.name), problem.what());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Bench bench;
  bench.ours.name = "ours";
  bench.theirs.name = "theirs";
  bench.theirs.path = "redis-server";
  Cores cores = choose_cores();
  std::vector<std::string> all;
  for (const Scenario& scenario : scenarios()) all.emplace_back(scenario.name);
  std::vector<std::string> names = all;
  std::string ours_arguments = "--threads 1";
  std::string theirs_arguments;
  std::string json_path;
  bool strict = false;

  CLI::App app("Measures Scrubjay and redis-server side by side");
  app.add_option("scenario", names, "throughput, memory, growth, expiry; all without a name")
      ->check(CLI::IsMember(all));
  app.add_option("--ours", bench.ours.path, "our server")->required();
  app.add_option("--theirs", bench.theirs.path, "the server to compare with")
      ->capture_default_str();
  app.add_option("--ours-args", ours_arguments, "more arguments for ours")->capture_default_str();
  app.add_option("--theirs-args", theirs_arguments, "more arguments for theirs");
  app.add_option("--server-core", cores.server, "core of both servers")->capture_default_str();
  app.add_option("--generator-core", cores.generator, "core of the load")->capture_default_str();
  app.add_option("--json", json_path, "file for the figures as JSON");
  app.add_flag("--quick", bench.quick, "a minute with smaller loads: a check, not a figure");
  app.add_flag("--strict", strict, "exit with 2 when a target is missed");
  CLI11_PARSE(app, argc, argv);

  bench.ours.arguments = CLI::detail::split_up(ours_arguments);
  bench.theirs.arguments = CLI::detail::split_up(theirs_arguments);
  for (ServerCommand* command : {&bench.ours, &bench.theirs}) {
    command->core = cores.server;
    bench.report.set(command->name,
                     fmt::format("{} {}", command->path, fmt::join(command->arguments, " ")));
  }
  bench.report.set("mode", bench.quick ? "quick" : "full");
  bench.report.set("cores", fmt::format("servers {}, load {}", cores.server, cores.generator));

  try {
    pin_to_core(cores.generator);
    ::prctl(PR_SET_TIMERSLACK, 1);  // the probes keep time to microseconds
    run(bench, names);
    if (!json_path.empty()) {
      std::ofstream json(json_path);
      json << bench.report.json();
      if (!json.flush()) throw std::runtime_error("cannot write " + json_path);
    }
  } catch (const std::exception& problem) {
    fmt::print(stderr, "bench_load: {}\n", problem.what());
    return 1;
  }
  fmt::print("{}", bench.report.table());
  if (bench.report.failed()) return 1;
  return strict && bench.report.missed() ? 2 : 0;
}
