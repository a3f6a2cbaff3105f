// Geohashes against known ones, and the cover of areas against brute force.
#include "objects/geohash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "objects/geo_area.h"

namespace scrubjay::objects {
namespace {

double between(Random& random, double low, double high) {
  constexpr uint64_t kSteps = uint64_t{1} << 53;
  const double share = static_cast<double>(random.below(kSteps)) / static_cast<double>(kSteps);
  return low + share * (high - low);
}

// Anywhere, with a liking for the poles, the date line and the corners of the map.
Place any_place(Random& random) {
  Place place{between(random, -kMaxLongitude, kMaxLongitude),
              between(random, -kMaxLatitude, kMaxLatitude)};
  const double sign = random.below(2) == 0 ? 1 : -1;
  switch (random.below(6)) {
    case 0:
      place.longitude = sign * between(random, 179, kMaxLongitude);
      break;
    case 1:
      place.latitude = sign * between(random, 80, kMaxLatitude);
      break;
    case 2:
      place.longitude = sign * kMaxLongitude;
      break;
    case 3:
      place.latitude = sign * kMaxLatitude;
      break;
    default:
      break;
  }
  return place;
}

std::string text_of(double score) {
  const auto text = geohash_text(score);
  return {text.data(), text.size()};
}

TEST(Geohash, KnownPlaces) {
  EXPECT_EQ(geohash_of({13.361389, 38.115556}), 3479099956230698.0);
  EXPECT_EQ(geohash_of({15.087269, 37.502669}), 3479447370796909.0);
  EXPECT_EQ(geohash_of({-kMaxLongitude, -kMaxLatitude}), 0.0);
  EXPECT_EQ(text_of(3479099956230698.0), "sqc8b49rny0");
  EXPECT_EQ(text_of(geohash_of({-5.6, 42.6})), "ezs42e44yx0");
}

TEST(Geohash, InterleavingIsUndone) {
  EXPECT_EQ(interleave({0, 1}), 1u);
  EXPECT_EQ(interleave({1, 0}), 2u);
  EXPECT_EQ(interleave({~0u, 0}), 0xaaaaaaaaaaaaaaaau);
  Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const GridCell cell{static_cast<uint32_t>(random()), static_cast<uint32_t>(random())};
    EXPECT_EQ(deinterleave(interleave(cell)), cell);
  }
}

TEST(Geohash, RoundTripStaysInTheCell) {
  // Half a cell: 180 / 2^26 degrees of longitude, less of latitude.
  constexpr double kHalfCell = 2.7e-6;
  Random random(2);
  for (int i = 0; i < 100'000; ++i) {
    const Place place = any_place(random);
    const double score = geohash_of(place);
    const Place found = place_of(score);
    ASSERT_TRUE(is_on_map(found));
    // At the edge itself a score has a 54th bit, and a double not room for all of them.
    const bool at_edge = place.longitude == kMaxLongitude || place.latitude == kMaxLatitude;
    ASSERT_NEAR(found.longitude, place.longitude, at_edge ? 4 * kHalfCell : kHalfCell);
    ASSERT_NEAR(found.latitude, place.latitude, at_edge ? 4 * kHalfCell : kHalfCell);
    if (!at_edge) {
      ASSERT_EQ(geohash_of(found), score);
    }
  }
}

TEST(Geohash, AnyScoreIsAPlace) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double score : {-1.0, 0.5, 1e300, -1e300, kInfinity, -kInfinity,
                             18446744073709551616.0, 9223372036854775808.0, 4503599627370496.0})
    EXPECT_TRUE(is_on_map(place_of(score))) << score;
}

TEST(Geohash, Distances) {
  EXPECT_NEAR(distance({13.361389, 38.115556}, {15.087269, 37.502669}), 166274.26, 0.01);
  EXPECT_NEAR(distance({0, 0}, {180, 0}), std::numbers::pi * kEarthRadius, 1);
  EXPECT_NEAR(distance({179.5, 0}, {-179.5, 0}), distance({0, 0}, {1, 0}), 1e-6);
  EXPECT_EQ(distance({7, 7}, {7, 7}), 0);
  EXPECT_NEAR(distance({7, 10}, {7, -10}), 2 * distance({7, 0}, {7, 10}), 1e-6);
}

GeoShape any_shape(Random& random) {
  GeoShape shape;
  shape.centre = any_place(random);
  const auto length = [&] { return std::pow(10, between(random, 0, 7.4)); };
  shape.is_box = random.below(2) == 0;
  shape.radius = length();
  shape.width = length();
  shape.height = length();
  shape.unit = 1;
  return shape;
}

// What the definition says, with no shortcut. Nothing when the place is so near the border that
// rounding decides.
std::optional<bool> lies_within(const GeoShape& shape, const Place& place) {
  const auto compare = [](double length, double limit) -> std::optional<bool> {
    if (std::abs(length - limit) < 1e-6) return std::nullopt;
    return length < limit;
  };
  if (!shape.is_box) return compare(distance(shape.centre, place), shape.radius);
  const auto high =
      compare(distance({place.longitude, shape.centre.latitude}, place), shape.height / 2);
  const auto wide =
      compare(distance({shape.centre.longitude, place.latitude}, place), shape.width / 2);
  if (!high || !wide) return std::nullopt;
  return *high && *wide;
}

// A place near the shape's border, to either side.
Place near_border(Random& random, const GeoShape& shape) {
  const double reach = shape.is_box ? std::max(shape.width, shape.height) : shape.radius;
  const double degrees = to_degrees(reach / kEarthRadius) * between(random, 0, 1.1);
  const double bearing = between(random, 0, 2 * std::numbers::pi);
  Place place = shape.centre;
  place.latitude += degrees * std::sin(bearing);
  place.longitude += degrees * std::cos(bearing) / std::cos(to_radians(shape.centre.latitude));
  return {std::clamp(place.longitude, -kMaxLongitude, kMaxLongitude),
          std::clamp(place.latitude, -kMaxLatitude, kMaxLatitude)};
}

TEST(GeoArea, FilterAgreesWithTheDefinition) {
  Random random(3);
  size_t inside = 0;
  for (int i = 0; i < 2000; ++i) {
    const GeoShape shape = any_shape(random);
    const GeoArea area(shape);
    for (int j = 0; j < 50; ++j) {
      const Place place = j % 2 == 0 ? any_place(random) : near_border(random, shape);
      const auto wanted = lies_within(shape, place);
      if (!wanted) continue;
      const auto found = area.distance_within(place);
      ASSERT_EQ(found.has_value(), *wanted);
      if (!found) continue;
      ASSERT_EQ(*found, distance(shape.centre, place));
      ++inside;
    }
  }
  EXPECT_GT(inside, 10'000u);
}

// Of areas away from the edges of the map, which the ranges do not cross, nothing is missed.
TEST(GeoArea, CoverHoldsAllThatLiesWithin) {
  Random random(4);
  size_t inside = 0;
  for (int i = 0; i < 4000; ++i) {
    GeoShape shape = any_shape(random);
    shape.centre.longitude = between(random, -60, 60);
    shape.centre.latitude = between(random, -50, 50);
    shape.radius = std::min(shape.radius, 1e6);
    shape.width = std::min(shape.width, 1e6);
    shape.height = std::min(shape.height, 1e6);
    const GeoArea area(shape);
    for (int j = 0; j < 50; ++j) {
      const double score = geohash_of(near_border(random, shape));
      if (!area.distance_within(place_of(score))) continue;
      ++inside;
      const auto cover = area.cover();
      ASSERT_TRUE(std::any_of(cover.begin(), cover.end(), [&](const GeohashRange& range) {
        return range.low <= score && score < range.high;
      }));
    }
  }
  EXPECT_GT(inside, 20'000u);
}

TEST(GeoArea, RangesDoNotOverlap) {
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    const GeoArea area(any_shape(random));
    std::vector<GeohashRange> ranges(area.cover().begin(), area.cover().end());
    ASSERT_GE(ranges.size(), 1u);
    ASSERT_LE(ranges.size(), 9u);
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.low < b.low; });
    for (size_t j = 0; j < ranges.size(); ++j) {
      ASSERT_LT(ranges[j].low, ranges[j].high);
      if (j > 0) {
        ASSERT_LE(ranges[j - 1].high, ranges[j].low);
      }
    }
  }
}

TEST(GeoArea, TheWholeWorldIsFourCells) {
  for (const double radius : {3e7, 1e300, std::numeric_limits<double>::infinity()}) {
    const GeoArea area({.centre = {10, 20}, .radius = radius});
    ASSERT_EQ(area.cover().size(), 4u);
    EXPECT_TRUE(area.distance_within({-170, -20}).has_value());
    double held = 0;
    for (const auto& range : area.cover()) held += range.high - range.low;
    EXPECT_EQ(held, 4503599627370496.0);  // 2^52
  }
}

TEST(GeoArea, OverTheDateLine) {
  const GeoArea area({.centre = {179.95, 0}, .radius = 50'000});
  EXPECT_TRUE(area.distance_within({-179.95, 0}).has_value());
  EXPECT_FALSE(area.distance_within({-179, 0}).has_value());
  const double score = geohash_of({-179.95, 0.001});
  const auto cover = area.cover();
  EXPECT_TRUE(std::any_of(cover.begin(), cover.end(), [&](const GeohashRange& range) {
    return range.low <= score && score < range.high;
  }));
}

}  // namespace
}  // namespace scrubjay::objects
