// Geo commands at depth 16 on sets of a million places: `country`, drawn at random from a square of
// ten degrees, so that about one lies in each square kilometre, and `city`, from one of a degree, a
// hundred times as close. Searches are around a random place, moves and distances of random
// members.
#include <fmt/format.h>

#include "comparison.h"

namespace scrubjay::load {
namespace {

constexpr std::uint64_t kPlaces = 1'000'000;
constexpr double kCountry = 10;  // degrees
constexpr double kCity = 1;

std::string member(std::uint64_t i) {
  return fmt::format("place:{:07}", i);
}

double draw_degrees(Random& random, double size) {
  return std::uniform_real_distribution<double>(0, size)(random);
}
std::string longitude(Random& random, double size) {
  return fmt::format("{:.6f}", 5 + draw_degrees(random, size));
}
std::string latitude(Random& random, double size) {
  return fmt::format("{:.6f}", 45 + draw_degrees(random, size));
}

void fill_places(const ServerProcess& server) {
  const auto add = [&](const char* key, double size) {
    Random random(1);
    CountedSource places(kPlaces, [&](std::string& out, std::uint64_t i) {
      append_request(out,
                     {"GEOADD", key, longitude(random, size), latitude(random, size), member(i)});
    });
    fill(server, places);
  };
  add("country", kCountry);
  add("city", kCity);
}

std::function<void(std::string&, Random&)> search(const char* key, double size,
                                                  std::vector<std::string> options) {
  return [=](std::string& out, Random& random) {
    out += fmt::format("*{}\r\n", 8 + options.size());
    const auto word = [&](const std::string& text) {
      out += fmt::format("${}\r\n{}\r\n", text.size(), text);
    };
    word("GEOSEARCH");
    word(key);
    word("FROMLONLAT");
    word(longitude(random, size));
    word(latitude(random, size));
    word("BYRADIUS");
    word("1");
    word("km");
    for (const std::string& option : options) word(option);
  };
}

std::vector<Operation> operations() {
  return {
      {"GEOSEARCH of 1 km, country", 0.60, search("country", kCountry, {})},
      {"the same WITHDIST WITHCOORD ASC", 0.60,
       search("country", kCountry, {"WITHDIST", "WITHCOORD", "ASC"})},
      {"GEOSEARCH of 1 km, city", 0.60, search("city", kCity, {})},
      {"the same COUNT 10", 0.60, search("city", kCity, {"COUNT", "10"})},
      {"GEOADD to a million", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"GEOADD", "country", longitude(random, kCountry),
                              latitude(random, kCountry), member(draw(random, kPlaces))});
       }},
      {"GEODIST", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"GEODIST", "country", member(draw(random, kPlaces)),
                              member(draw(random, kPlaces)), "km"});
       }},
      {"GEOPOS", 0.60,
       [](std::string& out, Random& random) {
         append_request(out, {"GEOPOS", "country", member(draw(random, kPlaces))});
       }},
  };
}

}  // namespace

void measure_geo(Bench& bench) {
  compare(bench, "geo", fill_places, operations());
}

}  // namespace scrubjay::load
