// The way of every request: find its row, check what must be checked, lock what its keys need, run
// the handler, count, unlock. Stateless but for the services; each thread calls it with its own
// worker, whose gate is raised.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/context.h"
#include "engine/prepared_request.h"
#include "resp/request_parser.h"

namespace scrubjay::engine {

class Dispatcher {
 public:
  explicit Dispatcher(Services& services);

  enum class Outcome {
    kDone,
    kBlocked,    // the client waits; its later requests must wait too
    kPostponed,  // not run: commands are paused; run the same request again later
  };

  // Looks up the rows and hashes the keys of some requests of a batch, appending to `prepared`, and
  // prefetches the buckets that the commands will look into.
  void prepare(const resp::RequestBatch& batch, size_t first, size_t count, int database,
               std::vector<PreparedRequest>& prepared);
  // The second step, a little later: prefetches the entries that those buckets name.
  void prefetch_entries(std::span<const PreparedRequest> prepared, int database) const;
  // The third and fourth: for commands on large values, the objects and what is wanted there.
  void prefetch_values(std::span<PreparedRequest> prepared, int database, bool inside) {
    for (PreparedRequest& item : prepared) {
      if (item.looks_inside) {
        item.looks_inside =
            services_.keyspace.prefetch_value(item.key, database, item.touch, inside);
      }
    }
  }

  // Runs one request and writes its reply.
  Outcome execute(Worker& worker, Client& client, std::span<const std::string_view> arguments,
                  const PreparedRequest& prepared, resp::ReplyBuilder& reply);

  // Runs a command whose keys are locked already, as EXEC does with its queue.
  void run_locked(Worker& worker, Client& client, const schema::Command& command,
                  std::span<const std::string_view> arguments, resp::ReplyBuilder& reply,
                  bool in_transaction);

  // The same for a command that a script calls; `keys` is room to work in.
  void run_in_script(Worker& worker, Client& client, const schema::Command& command,
                     std::span<const std::string_view> arguments, std::vector<store::Key>& keys,
                     resp::ReplyBuilder& reply);
  // An error in its place.
  void refuse_in_script(Worker& worker, const schema::Command* command, std::string_view error,
                        resp::ReplyBuilder& reply);

  // Runs a waiting client's command again, with its keys held. False, and no reply, if it has to go
  // on waiting.
  bool run_again(Worker& worker, ClientWaiter& waiter, std::span<const std::string_view> arguments,
                 std::span<const store::Key> keys, resp::ReplyBuilder& reply);

  // Ends a client's wait: by its time-out, or because another client unblocked it. False if it has
  // been served meanwhile: its reply is on the way.
  bool finish_blocked(Worker& worker, Client& client, bool with_error, resp::ReplyBuilder& reply);

  // Forgets what a client holds in the keyspace, before it goes. Gate raised, nothing locked.
  void forget(Worker& worker, Client& client);

  // The row of a request, the subcommand's if there is one. nullptr and an error text when unknown.
  const schema::Command* resolve(std::span<const std::string_view> arguments,
                                 std::string* error) const;

  static bool arity_fits(const schema::Command& command, size_t count) {
    return command.arity >= 0 ? count == static_cast<size_t>(command.arity)
                              : count >= static_cast<size_t>(-command.arity);
  }

  // Takes and gives back the world around `f`. Gate raised before and after. With `may_fail` it is
  // not run, and the answer is false, if a busy script stands before it.
  template <class F>
  bool with_world(Worker& worker, F&& f, bool may_fail = false) {
    const bool held = worker.world || worker.gate.visiting();
    if (!held && !services_.gates.take_world(worker.gate, may_fail)) return false;
    const bool before = std::exchange(worker.world, true);
    f();
    worker.world = before;
    if (!held) services_.gates.release_world(worker.gate);
    return true;
  }
  // Gives the world back that was kept for the rest of a batch.
  void end_section(Worker& worker) {
    worker.keeps_world = false;
    if (!worker.world || worker.gate.visiting()) return;
    worker.world = false;
    services_.gates.release_world(worker.gate);
  }

 private:
  bool refuse(Worker& worker, Client& client, const schema::Command* command,
              std::string_view error, resp::ReplyBuilder& reply);
  std::string why_refused(Worker& worker, Client& client, const schema::Command& command,
                          std::span<const std::string_view> arguments);
  bool is_paused(const Worker& worker, const Client& client, const schema::Command& command,
                 std::span<const std::string_view> arguments);
  // Takes the world, or keeps it, for a command that may be the first of several. False if a busy
  // script stands before it.
  bool begin_section(Worker& worker);
  void run(Worker& worker, Client& client, const schema::Command& command,
           std::span<const std::string_view> arguments, const PreparedRequest& prepared,
           resp::ReplyBuilder& reply);
  void lock_with_waiters(Worker& worker, const Client& client, const schema::Command& command,
                         std::span<const std::string_view> arguments, std::vector<store::Key>& keys,
                         bool& world);
  bool give_up_waiting(Worker& worker, ClientWaiter& waiter);
  void lock_transaction(Worker& worker, Client& client, const schema::Command& command,
                        bool& world);
  void call(Worker& worker, Client& client, const schema::Command& command,
            std::span<const std::string_view> arguments, std::span<const store::Key> keys,
            resp::ReplyBuilder& reply, bool in_transaction);
  void count_error(Worker& worker, std::string_view error);
  void feed_monitors(const Worker& worker, const Client& client, const schema::Command& command,
                     std::span<const std::string_view> arguments);

  Services& services_;
};

}  // namespace scrubjay::engine
