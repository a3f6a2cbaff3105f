// What the geo commands share: units, coordinates and distances as they are read and written.
#pragma once

#include "engine/context.h"
#include "objects/geohash.h"

namespace scrubjay::commands {

// The metres of "m", "km", "ft" or "mi", in any case.
double parse_geo_unit(std::string_view text);

// "longitude latitude" from the next argument on.
objects::Place parse_place(engine::CommandContext& c);

// As an array of longitude and latitude.
void reply_place(engine::CommandContext& c, const objects::Place& place);

// A bulk string with four decimals, in RESP3 too.
void reply_distance(engine::CommandContext& c, double distance);

}  // namespace scrubjay::commands
