#include "rdb/payload_reader.h"

#include <cmath>
#include <cstring>
#include <unordered_set>

#include "base/number.h"
#include "objects/intset.h"
#include "objects/listpack.h"
#include "rdb/crc64.h"
#include "rdb/format.h"
#include "rdb/old_encodings.h"
#include "rdb/payload_input.h"
#include "rdb/stream_payload.h"

namespace scrubjay::rdb {
namespace {

using Kind = Value::Kind;

class Reader : private PayloadInput {
 public:
  explicit Reader(std::string_view bytes) : PayloadInput(bytes) {}

  Value read() {
    Value value = read_kind();
    const bool may_be_empty = value.kind == Kind::kString || value.kind == Kind::kStream;
    if (!may_be_empty && value.items.empty()) throw Corrupt();
    check_distinct(value);
    return value;
  }

 private:
  // 253 to 255 stand for NaN and the infinities.
  double text_score() {
    const unsigned size = byte();
    if (size == 253) throw Corrupt();
    if (size == 254) return HUGE_VAL;
    if (size == 255) return -HUGE_VAL;
    return score(take(size));
  }
  static double score(std::string_view text) {
    const auto value = parse_double(text);
    if (!value || std::isnan(*value)) throw Corrupt();
    return *value;
  }

  static std::vector<std::string> listpack(std::string_view bytes) {
    if (!objects::is_listpack(bytes)) throw Corrupt();
    const objects::Listpack pack(bytes);
    std::vector<std::string> items;
    char digits[kInt64Digits];
    for (size_t at = pack.begin(); at != pack.end();)
      items.emplace_back(pack.read(at).text(digits));
    return items;
  }
  static std::vector<std::string> checked(std::optional<std::vector<std::string>> items) {
    if (!items) throw Corrupt();
    return std::move(*items);
  }
  static void append(std::vector<std::string>& items, std::vector<std::string> more) {
    items.insert(items.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
  }

  // Members and scores that stand side by side.
  static Value sorted_set(const std::vector<std::string>& pairs) {
    Value value{.kind = Kind::kSortedSet};
    if (pairs.size() % 2 != 0) throw Corrupt();
    for (size_t i = 0; i < pairs.size(); i += 2) {
      value.items.push_back(pairs[i]);
      value.scores.push_back(score(pairs[i + 1]));
    }
    return value;
  }
  static Value hash(std::vector<std::string> pairs) {
    if (pairs.size() % 2 != 0) throw Corrupt();
    return {.kind = Kind::kHash, .items = std::move(pairs)};
  }

  Value strings(Kind kind, uint64_t per_item) {
    Value value{.kind = kind};
    const uint64_t items = count() * per_item;
    for (uint64_t i = 0; i < items; ++i) value.items.push_back(string());
    return value;
  }
  Value sorted_set(bool as_text) {
    Value value{.kind = Kind::kSortedSet};
    for (uint64_t left = count(); left > 0; --left) {
      value.items.push_back(string());
      value.scores.push_back(as_text ? text_score() : little<double>());
      if (std::isnan(value.scores.back())) throw Corrupt();
    }
    return value;
  }
  Value list_of_ziplists() {
    Value value{.kind = Kind::kList};
    for (uint64_t left = count(); left > 0; --left)
      append(value.items, checked(read_ziplist(string())));
    return value;
  }
  Value list_of_listpacks() {
    Value value{.kind = Kind::kList};
    for (uint64_t left = count(); left > 0; --left) {
      const uint64_t node = length();
      if (node == kPlainNode) {
        value.items.push_back(string());
        if (value.items.back().empty()) throw Corrupt();
      } else if (node == kPackedNode) {
        append(value.items, listpack(string()));
      } else {
        throw Corrupt();
      }
    }
    return value;
  }
  Value intset() {
    const std::string bytes = string();
    if (!objects::is_intset(bytes)) throw Corrupt();
    Value value{.kind = Kind::kSet};
    const objects::Intset set(bytes);
    for (size_t i = 0; i < set.count(); ++i) value.items.push_back(std::to_string(set.at(i)));
    return value;
  }

  void put_field(Value& value, std::string field, std::string text, int64_t deadline) {
    if (deadline < Value::kNoDeadline) throw Corrupt();
    value.items.push_back(std::move(field));
    value.items.push_back(std::move(text));
    value.deadlines.push_back(deadline);
  }
  Value timed_hash(bool with_first) {
    Value value{.kind = Kind::kHash};
    const int64_t first = with_first ? little<int64_t>() : 1;
    for (uint64_t left = count(); left > 0; --left) {
      // 0 for none, else one more than the distance from the first deadline.
      const uint64_t distance = length();
      int64_t deadline = Value::kNoDeadline;
      if (distance > INT64_MAX || first < 0) throw Corrupt();
      if (distance > 0 &&
          __builtin_add_overflow(first - 1, static_cast<int64_t>(distance), &deadline)) {
        throw Corrupt();
      }
      std::string field = string();
      put_field(value, std::move(field), string(), deadline);
    }
    return value;
  }
  Value timed_hash_listpack(bool with_first) {
    Value value{.kind = Kind::kHash};
    if (with_first) little<int64_t>();
    auto triples = listpack(string());
    if (triples.size() % 3 != 0) throw Corrupt();
    for (size_t i = 0; i < triples.size(); i += 3) {
      const auto deadline = parse_int64(triples[i + 2]);
      if (!deadline) throw Corrupt();
      put_field(value, std::move(triples[i]), std::move(triples[i + 1]),
                *deadline == 0 ? Value::kNoDeadline : *deadline);
    }
    return value;
  }

  Value read_kind() {
    const unsigned code = byte();
    switch (code) {
      case kStringCode:
        return {.text = string()};
      case kListCode:
        return strings(Kind::kList, 1);
      case kSetCode:
        return strings(Kind::kSet, 1);
      case kHashCode:
        return strings(Kind::kHash, 2);
      case kSortedSetTextCode:
        return sorted_set(true);
      case kSortedSetCode:
        return sorted_set(false);
      case kHashZipmapCode:
        return hash(checked(read_zipmap(string())));
      case kListZiplistCode:
        return {.kind = Kind::kList, .items = checked(read_ziplist(string()))};
      case kSetIntsetCode:
        return intset();
      case kSortedSetZiplistCode:
        return sorted_set(checked(read_ziplist(string())));
      case kHashZiplistCode:
        return hash(checked(read_ziplist(string())));
      case kListOfZiplistsCode:
        return list_of_ziplists();
      case kHashListpackCode:
        return hash(listpack(string()));
      case kSortedSetListpackCode:
        return sorted_set(listpack(string()));
      case kListOfListpacksCode:
        return list_of_listpacks();
      case kSetListpackCode:
        return {.kind = Kind::kSet, .items = listpack(string())};
      case kStream1Code:
      case kStream2Code:
      case kStream3Code:
        return {.kind = Kind::kStream, .stream = read_stream(*this, code)};
      case kTimedHashOldCode:
        return timed_hash(false);
      case kTimedHashCode:
        return timed_hash(true);
      case kTimedHashListpackOldCode:
        return timed_hash_listpack(false);
      case kTimedHashListpackCode:
        return timed_hash_listpack(true);
      default:
        throw Corrupt();
    }
  }

  // No member and no field may come twice.
  static void check_distinct(const Value& value) {
    if (value.kind == Kind::kString || value.kind == Kind::kList) return;
    const size_t step = value.kind == Kind::kHash ? 2 : 1;
    std::unordered_set<std::string_view> seen;
    for (size_t i = 0; i < value.items.size(); i += step) {
      if (!seen.insert(value.items[i]).second) throw Corrupt();
    }
  }
};

}  // namespace

bool footer_is_good(std::string_view payload) {
  if (payload.size() < kFooterSize) return false;
  const std::string_view footer = payload.substr(payload.size() - kFooterSize);
  uint16_t version;
  uint64_t checksum;
  std::memcpy(&version, footer.data(), sizeof version);
  std::memcpy(&checksum, footer.data() + sizeof version, sizeof checksum);
  if (version > kNewestVersion) return false;
  return checksum == crc64(payload.substr(0, payload.size() - sizeof checksum));
}

std::optional<Value> read_payload(std::string_view payload) {
  return read_value(payload.substr(0, payload.size() - kFooterSize));
}

std::optional<Value> read_value(std::string_view bytes) {
  try {
    return Reader(bytes).read();
  } catch (const Corrupt&) {
    return std::nullopt;
  }
}

}  // namespace scrubjay::rdb
