// Places on the globe and the 52-bit numbers that sorted sets keep for them. Pure functions.
//
// A number holds 26 bits of latitude and 26 of longitude, interleaved (a Z-order curve: Morton
// 1966; Niemeyer's geohash, 2008), so that places with a common prefix are near each other. The
// range of latitudes is the one of Web Mercator (EPSG:3857), in which the world is a square.
// Distances are those on a sphere by the haversine formula (Sinnott, Virtues of the Haversine,
// 1984).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace scrubjay::objects {

inline constexpr double kEarthRadius = 6372797.560856;  // metres
inline constexpr double kMaxLongitude = 180;            // degrees
inline constexpr double kMaxLatitude = 85.05112878;
inline constexpr unsigned kGeohashBits = 26;  // of each coordinate

// Degrees; east and north are positive.
struct Place {
  double longitude = 0;
  double latitude = 0;
  bool operator==(const Place&) const = default;
};

inline bool is_on_map(const Place& place) {
  return std::abs(place.longitude) <= kMaxLongitude && std::abs(place.latitude) <= kMaxLatitude;
}

constexpr double to_radians(double degrees) {
  return degrees * (std::numbers::pi / 180);
}
constexpr double to_degrees(double radians) {
  return radians / (std::numbers::pi / 180);
}

// A square of the grid that has 2^bits columns and as many rows. The column and row of a place at
// the very edge of the map is 2^bits.
struct GridCell {
  uint32_t column = 0;  // from the west
  uint32_t row = 0;     // from the south
  bool operator==(const GridCell&) const = default;
};

// `place` must be on the map.
GridCell grid_cell(const Place& place, unsigned bits);
// Rows in the even bits, columns in the odd ones.
uint64_t interleave(const GridCell& cell);
GridCell deinterleave(uint64_t number);

// The score of a place, which must be on the map.
double geohash_of(const Place& place);
// The middle of the score's cell; any number gives a place on the map.
Place place_of(double score);
// The public geohash of a score's place, 11 letters, the last always `0`.
std::array<char, 11> geohash_text(double score);

// Metres.
double distance(const Place& from, const Place& to);

}  // namespace scrubjay::objects
