#include "objects/geohash.h"

#include <algorithm>
#include <string_view>

namespace scrubjay::objects {
namespace {

constexpr double kColumns = 1u << kGeohashBits;

// Bit i of the result's even places is bit i of the value (Anderson, Bit Twiddling Hacks).
constexpr uint64_t spread(uint32_t value) {
  uint64_t bits = value;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}
constexpr uint32_t gather(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(bits | bits >> 16);
}

// Scores are any numbers. What does not fit wraps as it does where Redis runs, on x86-64.
uint64_t bits_of(double score) {
  constexpr double k2To63 = 9223372036854775808.0;
  if (score >= -k2To63 && score < k2To63) return static_cast<uint64_t>(static_cast<int64_t>(score));
  if (score >= k2To63) return score < 2 * k2To63 ? static_cast<uint64_t>(score) : 0;
  return uint64_t{1} << 63;
}

// The middle of cell `index` of an axis from -limit to limit.
double middle(uint32_t index, double limit) {
  const double low = -limit + (index * 1.0 / kColumns) * (2 * limit);
  const double high = -limit + ((index + uint64_t{1}) * 1.0 / kColumns) * (2 * limit);
  return std::clamp((low + high) / 2, -limit, limit);
}

GridCell cell_of(const Place& place, double max_latitude, unsigned bits) {
  const double cells = static_cast<double>(uint64_t{1} << bits);
  const double east = (place.longitude + kMaxLongitude) / (2 * kMaxLongitude);
  const double north = (place.latitude + max_latitude) / (2 * max_latitude);
  return {static_cast<uint32_t>(east * cells), static_cast<uint32_t>(north * cells)};
}

}  // namespace

GridCell grid_cell(const Place& place, unsigned bits) {
  return cell_of(place, kMaxLatitude, bits);
}

uint64_t interleave(const GridCell& cell) {
  return spread(cell.row) | spread(cell.column) << 1;
}
GridCell deinterleave(uint64_t number) {
  return {gather(number >> 1), gather(number)};
}

double geohash_of(const Place& place) {
  return static_cast<double>(interleave(grid_cell(place, kGeohashBits)));
}

Place place_of(double score) {
  const GridCell cell = deinterleave(bits_of(score));
  return {middle(cell.column, kMaxLongitude), middle(cell.row, kMaxLatitude)};
}

std::array<char, 11> geohash_text(double score) {
  constexpr std::string_view kLetters = "0123456789bcdefghjkmnpqrstuvwxyz";
  // The public form divides all latitudes, from pole to pole.
  const uint64_t bits = interleave(cell_of(place_of(score), 90, kGeohashBits));
  std::array<char, 11> text;
  for (unsigned i = 0; i < 10; ++i) text[i] = kLetters[(bits >> (47 - 5 * i)) & 31];
  text[10] = kLetters[0];
  return text;
}

double distance(const Place& from, const Place& to) {
  const double east = std::sin((to_radians(to.longitude) - to_radians(from.longitude)) / 2);
  const double from_latitude = to_radians(from.latitude);
  const double to_latitude = to_radians(to.latitude);
  if (east == 0) return kEarthRadius * std::abs(to_latitude - from_latitude);
  const double north = std::sin((to_latitude - from_latitude) / 2);
  const double haversine =
      north * north + std::cos(from_latitude) * std::cos(to_latitude) * east * east;
  return 2 * kEarthRadius * std::asin(std::sqrt(haversine));
}

}  // namespace scrubjay::objects
