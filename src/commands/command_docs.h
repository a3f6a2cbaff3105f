// What COMMAND INFO and COMMAND DOCS answer about one command, made from its row. Stateless.
#pragma once

#include "resp/reply.h"
#include "schema/command_table.h"

namespace scrubjay::commands {

void reply_command_info(resp::ReplyBuilder& reply, const schema::Command& command);

// The command's name and the map that documents it.
void reply_command_docs(resp::ReplyBuilder& reply, const schema::Command& command);

// "RW", "access", "update".
void reply_key_flags(resp::ReplyBuilder& reply, uint16_t flags);

}  // namespace scrubjay::commands
