// What a handler sees: its arguments, its locked keys, the reply, its client, and the services.
// Made by the dispatcher for one run of one command, on the client's own thread.
#pragma once

#include <span>

#include "engine/arguments.h"
#include "engine/client.h"
#include "engine/command_error.h"
#include "engine/services.h"
#include "engine/waiting.h"
#include "objects/listpack.h"
#include "resp/error_text.h"
#include "resp/reply.h"
#include "store/locked_keys.h"

namespace scrubjay::engine {

using store::Entry;
using store::Key;
using store::kNoDeadline;
using store::Lookup;

struct CommandContext {
  Arguments args;
  const schema::Command& command;
  resp::ReplyBuilder& reply;
  Client& client;
  Services& services;
  Worker& worker;
  store::LockedKeys& keys;
  std::span<const Key> key_list;  // the keys that the row's key specs name, in their order
  bool in_transaction = false;
  bool* waits_again = nullptr;  // a waiting client's command runs again: set if it found nothing

  const Key& key(size_t i = 0) const { return key_list[i]; }
  int64_t now_ms() const { return keys.now_ms(); }

  // The entry if it is a string, nullptr if absent; -WRONGTYPE else.
  const Entry* find_string(const Key& name, Lookup lookup = Lookup::kRead) {
    const Entry* entry = keys.find(name, lookup);
    if (entry != nullptr && entry->type() != store::Type::kString)
      fail(resp::error_text::kWrongType);
    return entry;
  }
  // A view of a collection, such as HashView; without the key one of nothing. -WRONGTYPE else.
  template <class View>
  View find(const Key& name, Lookup lookup = Lookup::kRead) {
    const Entry* entry = keys.find(name, lookup);
    if (entry != nullptr && entry->type() != View::kType) fail(resp::error_text::kWrongType);
    return View(entry);
  }
  // An edit of a collection, such as HashEdit. -WRONGTYPE if the key holds another type.
  template <class Edit>
  Edit edit(const Key& name) {
    Edit edit(keys, name);
    const Entry* entry = edit.entry();
    if (entry != nullptr && entry->type() != Edit::kType) fail(resp::error_text::kWrongType);
    return edit;
  }
  void reply_item(const objects::PackedItem& item) {
    if (item.is_number())
      reply.bulk_integer(item.number);
    else
      reply.bulk(std::string_view(item.bytes, item.size));
  }

  // Long values are handed to the socket by reference, not copied.
  void reply_string(const Entry& entry) {
    if (entry.is_block())
      reply.bulk(entry.block());
    else
      reply.bulk(entry.string());
  }

  // The client waits until one of the keys holds what it wants; its command then runs again. As
  // block() else.
  void wait_for(std::span<const Key> wanted_keys, store::Type wanted, int64_t deadline_ms,
                std::function<void(resp::ReplyBuilder&)> time_out) {
    if (waits_again != nullptr)
      *waits_again = true;
    else
      file_waiter(*this, wanted_keys, wanted, deadline_ms, std::move(time_out));
  }

  // The client waits: no reply now. `time_out` writes the reply at deadline_ms (0: never) or when
  // another client unblocks it. Not inside a transaction: there the handler answers at once.
  void block(int64_t deadline_ms, std::function<void(resp::ReplyBuilder&)> time_out) {
    client.blocked = std::make_unique<BlockedState>(BlockedState{deadline_ms, std::move(time_out)});
  }
};

}  // namespace scrubjay::engine
