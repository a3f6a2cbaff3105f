// scrubjay: reads the configuration, builds the parts from the bottom up, runs the threads, and
// ends gracefully on SIGTERM and SIGINT. The only place where all parts meet.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "base/memory.h"
#include "cli/entrypoint.h"
#include "cli/health_check.h"
#include "cli/redis_cli.h"
#include "commands/table.h"
#include "config/command_line.h"
#include "config/help.h"
#include "engine/dispatcher.h"
#include "engine/memory_limit.h"
#include "engine/server_identity.h"
#include "net/listener.h"

namespace scrubjay {
namespace {

// The CPUs that this process may use: its affinity mask, cut to the cgroup's quota.
uint32_t usable_cpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  int cpus = 1;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) cpus = CPU_COUNT(&mask);
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  int64_t period = 0;
  if (quota_file >> quota >> period && quota != "max" && period > 0) {
    const int64_t limit = (std::strtoll(quota.c_str(), nullptr, 10) + period - 1) / period;
    cpus = static_cast<int>(std::clamp<int64_t>(limit, 1, cpus));
  }
  return static_cast<uint32_t>(std::max(cpus, 1));
}

void raise_descriptor_limit(int64_t max_clients) {
  const auto wanted = static_cast<rlim_t>(max_clients + 64);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    log::warning("Only {} descriptors are allowed: fewer than maxclients {} can connect.",
                 limit.rlim_cur, max_clients);
  }
}

int fail(std::string_view reason) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(reason.size()), reason.data());
  return 1;
}

void detach_from_terminal() {
  if (fork() != 0) std::_Exit(0);
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
  if (null > STDERR_FILENO) close(null);
}

// One I/O thread with its connections, and the system thread that runs it.
struct RunningThread {
  RunningThread(engine::Services& services, engine::Worker& worker) : io(services, worker) {}
  net::IoThread io;
  std::thread thread;
};

// Samples what INFO's instantaneous_* fields show, and the peak of used memory.
class Sampler {
 public:
  explicit Sampler(engine::Services& services) : services_(services) {}

  void tick(int64_t now_ms) {
    const uint64_t used = used_bytes();
    if (used > services_.peak_memory.load(std::memory_order_relaxed)) services_.peak_memory = used;
    if (now_ms - last_ms_ < kPeriodMs) return;
    uint64_t commands = 0;
    uint64_t received = 0;
    uint64_t sent = 0;
    engine::Worker& worker = *services_.workers[0];
    services_.gates.enter(worker.gate);
    const auto add_up = [&] {
      for (const auto& each : services_.workers) {
        commands += each->counters.commands_processed;
        received += each->counters.received_bytes;
        sent += each->counters.sent_bytes;
      }
    };
    const bool sampled = services_.dispatcher->with_world(worker, add_up, true);
    services_.gates.leave(worker.gate);
    if (!sampled) return;
    const auto per_second = [&](uint64_t now, uint64_t before) {
      return now >= before ? (now - before) * 1000 / static_cast<uint64_t>(now_ms - last_ms_) : 0;
    };
    services_.instantaneous_ops = per_second(commands, commands_);
    services_.instantaneous_input_bytes = per_second(received, received_);
    services_.instantaneous_output_bytes = per_second(sent, sent_);
    commands_ = commands;
    received_ = received;
    sent_ = sent;
    last_ms_ = now_ms;
  }

 private:
  static constexpr int64_t kPeriodMs = 1000;
  engine::Services& services_;
  int64_t last_ms_ = 0;
  uint64_t commands_ = 0;
  uint64_t received_ = 0;
  uint64_t sent_ = 0;
};

int serve(config::Startup startup) {
  config::Config& config = startup.config;
  if (config.daemonize) detach_from_terminal();
  if (const std::string reason = log::open(config.logfile, config.loglevel); !reason.empty()) {
    return fail("Can't open the log file: " + reason);
  }
  if (!config.dir.empty() && ::chdir(config.dir.c_str()) != 0) {
    return fail("Can't chdir to '" + config.dir + "': " + std::strerror(errno));
  }

  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&ending, number);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  register_allocating_thread();
  MemoryMeter memory_meter;

  const uint32_t threads =
      config.threads > 0 ? static_cast<uint32_t>(config.threads) : usable_cpus();
  raise_descriptor_limit(config.maxclients);

  const Clock clock;
  schema::CommandTable commands(commands::all_rows());
  for (const auto& [name, new_name] : config.rename_commands) {
    const Status renamed = commands.rename(name, new_name);
    if (!renamed) return fail(renamed.error() + ": '" + name + "'");
  }
  engine::Services services(clock, config, commands, threads);
  engine::Dispatcher dispatcher(services);
  services.executable = std::filesystem::read_symlink("/proc/self/exe").string();
  services.config_file = startup.file;
  services.keyspace.earlier_deadline = [&services](store::Stripe& stripe, int64_t deadline) {
    engine::Worker& owner = *services.workers[stripe.number % services.workers.size()];
    if (deadline < owner.armed_until.load(std::memory_order_relaxed)) {
      owner.armed_until.store(deadline, std::memory_order_relaxed);
      owner.mailbox.post({.kind = engine::Letter::Kind::kLookAtTimers});
    }
  };
  services.request_shutdown = [] { ::kill(::getpid(), SIGTERM); };
  std::vector<std::unique_ptr<RunningThread>> running;
  for (const auto& worker : services.workers)
    running.push_back(std::make_unique<RunningThread>(services, *worker));
  net::Listener listener(running[0]->io);
  if (const Status opened = listener.open(config); !opened) {
    log::warning("{}", opened.error());
    return fail(opened.error());
  }
  running[0]->io.on_stop([&listener] { listener.close(); });
  services.apply_config = [&](const std::vector<std::string>& changed) -> std::string {
    log::set_level(services.config.loglevel);
    raise_descriptor_limit(services.config.maxclients);
    const auto is_changed = [&](std::string_view name) {
      return std::ranges::find(changed, name) != changed.end();
    };
    if (!is_changed("port") && !is_changed("bind")) return "";
    const Status reopened = listener.reopen(services.config);
    // Its next tick takes the new sockets over, and that may be a second away.
    services.workers[0]->mailbox.post({.kind = engine::Letter::Kind::kLookAtTimers});
    return reopened ? "" : reopened.error();
  };
  Sampler sampler(services);
  uint64_t churn = 0;
  services.on_tick = [&](int64_t now_ms) {
    sampler.tick(now_ms);
    listener.tick();
    engine::tend_memory(services, *services.workers[0]);
    memory_meter.wake_if_due();
    if (much_has_changed(churn)) services.janitor.tend_free_pages();
  };
  listener.start();

  if (!config.pidfile.empty()) std::ofstream(config.pidfile) << ::getpid() << '\n';
  log::notice("Scrubjay {} (answers as Redis {}), {} threads, port {} PID: {}",
              engine::kScrubjayVersion, engine::kRedisVersion, threads, config.port, ::getpid());
  log::notice("Server initialized");
  services.startup_memory = memory_figures().used;
  if (const std::string warning = config::unused_warning(startup.unused); !warning.empty()) {
    log::warning("{}", warning);
  }
  for (const auto& each : running) each->thread = std::thread([&io = each->io] { io.run(); });
  log::notice("Ready to accept connections");

  int number = 0;
  sigwait(&ending, &number);
  log::notice("Received {} scheduling shutdown...", number == SIGINT ? "SIGINT" : "SIGTERM");
  services.shutting_down = true;
  for (const auto& worker : services.workers)
    worker->mailbox.post({.kind = engine::Letter::Kind::kStop});
  for (const auto& each : running) each->thread.join();
  if (!config.pidfile.empty()) ::unlink(config.pidfile.c_str());
  log::notice("Scrubjay is now ready to exit, bye bye...");
  return 0;
}

int print_version() {
  std::fputs(engine::version_line().c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace scrubjay

int main(int argc, char** argv) {
  using namespace scrubjay;
  const std::string program = std::filesystem::path(argv[0]).filename().string();
  if (program == "redis-cli") return cli::run_client(argc, argv);
  const std::string_view first = argc > 1 ? argv[1] : "";
  const std::vector<std::string> rest(argv + std::min(argc, 2), argv + argc);
  if (first == "cli") return cli::run_client(argc - 1, argv + 1);
  if (first == "healthcheck") return cli::run_health_check(rest);
  if (first == "entrypoint") return cli::run_entrypoint(rest);

  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  auto startup = config::parse_command_line(arguments);
  if (!startup) {
    std::fputs(startup.error().c_str(), stderr);
    if (!startup.error().ends_with('\n')) std::fputc('\n', stderr);
    return 1;
  }
  switch (startup->wanted) {
    case config::Wanted::kVersion:
      return print_version();
    case config::Wanted::kHelp:
      std::fputs(config::help_text().c_str(), stdout);
      return 0;
    case config::Wanted::kExampleConfig:
      std::fputs(config::example_toml().c_str(), stdout);
      return 0;
    case config::Wanted::kServer:
      break;
  }
  return serve(std::move(*startup));
}
