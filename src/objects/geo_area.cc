#include "objects/geo_area.h"

#include <algorithm>
#include <cmath>

namespace scrubjay::objects {
namespace {

// Half the equator in Web Mercator, metres: one cell of a grid of one bit.
constexpr double kMercatorMax = 20037726.37;

// How fine a grid may be for nine cells to cover what lies within `radius` metres.
unsigned grid_bits(double radius, double latitude) {
  if (radius == 0) return kGeohashBits;
  int bits = -1;
  for (; radius < kMercatorMax; radius *= 2) ++bits;
  if (std::abs(latitude) > 66) --bits;
  if (std::abs(latitude) > 80) --bits;
  return static_cast<unsigned>(std::clamp(bits, 1, static_cast<int>(kGeohashBits)));
}

// The lower edge of a row or column, on an axis from -limit to limit.
double edge(uint32_t index, unsigned bits, double limit) {
  return -limit + (index * 1.0 / static_cast<double>(uint64_t{1} << bits)) * (2 * limit);
}

}  // namespace

GeoArea::GeoArea(const GeoShape& shape)
    : shape_(shape),
      half_width_(shape.unit * (shape.is_box ? shape.width / 2 : shape.radius)),
      half_height_(shape.unit * (shape.is_box ? shape.height / 2 : shape.radius)),
      cos_latitude_(std::cos(to_radians(shape.centre.latitude))) {
  set_reach();
  set_cover();
}

// The parallels and meridians that touch the area, the meridians by the edge nearer to a pole.
GeoArea::Bounds GeoArea::bounds() const {
  const auto [longitude, latitude] = shape_.centre;
  const double north = to_degrees(half_height_ / kEarthRadius);
  const double nearer_pole = latitude < 0 ? latitude - north : latitude + north;
  const double east = to_degrees(half_width_ / kEarthRadius / std::cos(to_radians(nearer_pole)));
  return {longitude - east, latitude - north, longitude + east, latitude + north};
}

// Generous by some centimetres, for the rounding of what measure() computes.
void GeoArea::set_reach() {
  constexpr double kSlack = 1e-6;
  reach_north_ = to_degrees(half_height_ / kEarthRadius) + kSlack;
  reach_east_ = 360;
  // A box is as wide at each of its parallels; a circle is nowhere wider than at this one.
  const double furthest =
      std::min(std::abs(shape_.centre.latitude) + reach_north_, kMaxLatitude + kSlack);
  const double cos_furthest = std::cos(to_radians(furthest));
  const double half_angle = half_width_ / kEarthRadius / 2;
  if (half_angle >= std::numbers::pi / 2) return;
  const double cos_centre = shape_.is_box ? cos_furthest : cos_latitude_;
  const double east = std::sin(half_angle) / std::sqrt(cos_centre * cos_furthest);
  if (east < 1) reach_east_ = to_degrees(2 * std::asin(east)) * (1 + kSlack) + kSlack;
}

void GeoArea::add(const GridCell& cell, unsigned bits) {
  const unsigned shift = 2 * (kGeohashBits - bits);
  const uint64_t number = interleave(cell);
  const GeohashRange range{static_cast<double>(number << shift),
                           static_cast<double>((number + 1) << shift)};
  // In a coarse grid the neighbours on two sides may be the same.
  if (cover_size_ > 1 && cover_[cover_size_ - 1] == range) return;
  cover_[cover_size_++] = range;
}

void GeoArea::set_cover() {
  const Bounds bounds = this->bounds();
  const double reach = shape_.is_box ? std::sqrt(shape_.width / 2 * (shape_.width / 2) +
                                                 shape_.height / 2 * (shape_.height / 2))
                                     : shape_.radius;
  unsigned bits = grid_bits(reach * shape_.unit, shape_.centre.latitude);
  GridCell centre = grid_cell(shape_.centre, bits);
  const auto moved = [&](uint32_t index, int by) {
    return by == 0 ? index : (index + static_cast<uint32_t>(by)) & ((1u << bits) - 1);
  };
  const auto row_edge = [&](uint32_t row) { return edge(row, bits, kMaxLatitude); };
  const auto column_edge = [&](uint32_t column) { return edge(column, bits, kMaxLongitude); };
  const bool too_fine = row_edge(moved(centre.row, 1) + 1) < bounds.north ||
                        row_edge(moved(centre.row, -1)) > bounds.south ||
                        column_edge(moved(centre.column, 1) + 1) < bounds.east ||
                        column_edge(moved(centre.column, -1)) > bounds.west;
  if (bits > 1 && too_fine) {
    --bits;
    centre = grid_cell(shape_.centre, bits);
  }
  const bool all = bits < 2;
  const bool south = all || row_edge(centre.row) >= bounds.south;
  const bool north = all || row_edge(centre.row + 1) <= bounds.north;
  const bool west = all || column_edge(centre.column) >= bounds.west;
  const bool east = all || column_edge(centre.column + 1) <= bounds.east;
  struct Neighbour {
    int columns, rows;
    bool reached;
  };
  const Neighbour neighbours[] = {
      {0, 0, true},           {0, 1, north},          {0, -1, south},
      {1, 0, east},           {-1, 0, west},          {1, 1, north && east},
      {-1, 1, north && west}, {1, -1, south && east}, {-1, -1, south && west},
  };
  for (const auto& [columns, rows, reached] : neighbours) {
    if (reached) add({moved(centre.column, columns), moved(centre.row, rows)}, bits);
  }
}

std::optional<double> GeoArea::measure(const Place& place) const {
  if (!shape_.is_box) {
    const double metres = distance(shape_.centre, place);
    if (metres > half_width_) return std::nullopt;
    return metres;
  }
  // The box is bent: its width is measured along the place's own parallel.
  const Place on_meridian{place.longitude, shape_.centre.latitude};
  if (distance(on_meridian, place) > half_height_) return std::nullopt;
  if (distance({shape_.centre.longitude, place.latitude}, place) > half_width_) return std::nullopt;
  return distance(shape_.centre, place);
}

}  // namespace scrubjay::objects
