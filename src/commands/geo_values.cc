#include "commands/geo_values.h"

#include <charconv>

namespace scrubjay::commands {

using namespace engine;
using objects::Place;

namespace {

// Room for a double with 17 decimals.
constexpr size_t kRealDigits = 330;

std::string_view fixed(double value, int decimals, char* out) {
  const auto end =
      std::to_chars(out, out + kRealDigits, value, std::chars_format::fixed, decimals).ptr;
  return {out, static_cast<size_t>(end - out)};
}

// 17 decimals with trailing zeros cut.
void reply_degrees(CommandContext& c, double degrees) {
  char digits[kRealDigits];
  std::string_view text = fixed(degrees, 17, digits);
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
  char digits[kRealDigits];
  c.reply.bulk(fixed(distance, 4, digits));
}

}  // namespace scrubjay::commands
