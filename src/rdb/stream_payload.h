// Streams in DUMP payloads: listpacks of entries that share the fields of the first one, then the
// groups with what is pending. Read in all three versions, written in that of Redis 7.0.
#pragma once

#include <memory>

#include "objects/stream.h"
#include "rdb/payload_input.h"
#include "rdb/payload_writer.h"

namespace scrubjay::rdb {

// Behind the payload's code. Throws Corrupt.
std::unique_ptr<objects::Stream> read_stream(PayloadInput& in, unsigned code);
void write_stream(PayloadWriter& out, const objects::Stream& stream);

}  // namespace scrubjay::rdb
