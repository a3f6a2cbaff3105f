#include "commands/geo_values.h"

#include <charconv>
#include <cmath>

namespace scrubjay::commands {

using namespace engine;
using objects::Place;

namespace {

// 17 decimals with trailing zeros cut.
void reply_degrees(CommandContext& c, double degrees) {
  char digits[32];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, degrees, std::chars_format::fixed, 17).ptr;
  std::string_view text(digits, static_cast<size_t>(end - digits));
  while (text.back() == '0') text.remove_suffix(1);
  if (text.back() == '.') text.remove_suffix(1);
  c.reply.real_text(text == "-0" ? "0" : text);
}

double parse_degrees(std::string_view text) {
  const auto degrees = parse_double(text);
  if (!degrees) fail(resp::error_text::kNotFloat);
  return *degrees;
}

}  // namespace

double parse_geo_unit(std::string_view text) {
  if (equal_ignoring_case(text, "m")) return 1;
  if (equal_ignoring_case(text, "km")) return 1000;
  if (equal_ignoring_case(text, "ft")) return 0.3048;
  if (equal_ignoring_case(text, "mi")) return 1609.34;
  fail("ERR unsupported unit provided. please use M, KM, FT, MI");
}

Place parse_place(CommandContext& c) {
  Place place;
  place.longitude = parse_degrees(c.args.next());
  place.latitude = parse_degrees(c.args.next());
  if (!is_on_map(place))
    fail("ERR invalid longitude,latitude pair {:f},{:f}", place.longitude, place.latitude);
  return place;
}

void reply_place(CommandContext& c, const Place& place) {
  c.reply.array(2);
  reply_degrees(c, place.longitude);
  reply_degrees(c, place.latitude);
}

void reply_distance(CommandContext& c, double distance) {
  constexpr int64_t kScale = 10'000;
  const int64_t scaled = std::llrint(distance * kScale);  // half to even, as Redis rounds
  char text[2 * kInt64Digits];
  char* out = text + write_int64(scaled / kScale, text);
  // The point takes the place of the 1 that keeps the zeros.
  const size_t decimals = write_int64(kScale + scaled % kScale, out);
  *out = '.';
  c.reply.bulk({text, static_cast<size_t>(out - text) + decimals});
}

}  // namespace scrubjay::commands
