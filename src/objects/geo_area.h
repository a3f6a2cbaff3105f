// A circle or a box on the globe: which places lie within, and which ranges of geohashes can hold
// them. Pure; made once for each search.
//
// The cover is the cell of a grid in which the centre lies, with its eight neighbours: the grid is
// so coarse that they cover the area, but a neighbour that the area's bounds do not reach is left
// out. Close to the poles, where one cell spans many longitudes, the grid is coarser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "objects/geohash.h"

namespace scrubjay::objects {

struct GeoShape {
  Place centre;  // on the map
  bool is_box = false;
  double radius = 0;  // of a circle, in units, not negative
  double width = 0;   // of a box, from west to east
  double height = 0;
  double unit = 1;  // metres
};

// Scores from low on, below high.
struct GeohashRange {
  double low = 0;
  double high = 0;
  bool operator==(const GeohashRange&) const = default;
};

class GeoArea {
 public:
  explicit GeoArea(const GeoShape& shape);

  // The ranges to look through, which do not overlap, in this order: the centre's cell, north,
  // south, east, west, north-east, north-west, south-east, south-west.
  std::span<const GeohashRange> cover() const { return {cover_, cover_size_}; }

  // The metres from the centre, if the place lies within.
  std::optional<double> distance_within(const Place& place) const {
    if (std::abs(place.latitude - shape_.centre.latitude) > reach_north_) return std::nullopt;
    const double east = std::abs(place.longitude - shape_.centre.longitude);
    if (east > reach_east_ && 360 - east > reach_east_) return std::nullopt;
    return measure(place);
  }

 private:
  struct Bounds {
    double west, south, east, north;
  };
  Bounds bounds() const;
  void set_reach();
  void set_cover();
  void add(const GridCell& cell, unsigned bits);
  std::optional<double> measure(const Place& place) const;

  GeoShape shape_;
  double half_width_;  // metres; of a circle both are its radius
  double half_height_;
  double cos_latitude_;
  // Degrees from the centre beyond which no place can lie within.
  double reach_north_ = 0;
  double reach_east_ = 0;
  GeohashRange cover_[9];
  size_t cover_size_ = 0;
};

}  // namespace scrubjay::objects
