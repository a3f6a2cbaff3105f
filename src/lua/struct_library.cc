#include "lua/struct_library.h"

#include <bit>
#include <climits>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "lua/lua_bytes.h"

// A Lua error may leave any of these functions, so no object here needs a destructor.
namespace scrubjay::lua {
namespace {

constexpr int kMostIntegerBytes = 32;
constexpr int kNaturalAlignment = 8;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Goes through a format, letter by letter; '<', '>', '!' and blanks change how the next ones are
// read.
class Format {
 public:
  explicit Format(lua_State* state) : state_(state), next_(luaL_checkstring(state, 1)) {}

  // The next letter and its size; false at the end.
  bool advance() {
    if (*next_ == '\0') return false;
    letter_ = *next_++;
    size_ = size_of_letter();
    return true;
  }
  char letter() const { return letter_; }
  size_t size() const { return size_; }
  bool big_endian() const { return big_endian_; }
  bool is_integer() const { return std::string_view("bBhHlLTiI").find(letter_) != kNotFound; }
  bool is_signed() const { return letter_ >= 'a'; }

  // How many bytes lie between `position` and this item.
  size_t padding(size_t position) const {
    if (size_ == 0 || letter_ == 'c') return 0;
    const size_t unit = size_ > alignment_ ? alignment_ : size_;
    return (unit - (position & (unit - 1))) & (unit - 1);
  }

  // What is no item is a sign that changes the rest, or an error.
  void obey() {
    switch (letter_) {
      case ' ':
        return;
      case '>':
        big_endian_ = true;
        return;
      case '<':
        big_endian_ = false;
        return;
      case '!': {
        const int alignment = take_number(kNaturalAlignment);
        if (alignment <= 0 || (alignment & (alignment - 1)) != 0)
          luaL_error(state_, "alignment %d is not a power of 2", alignment);
        alignment_ = static_cast<size_t>(alignment);
        return;
      }
      default:
        luaL_argerror(state_, 1, lua_pushfstring(state_, "invalid format option '%c'", letter_));
    }
  }

 private:
  static constexpr size_t kNotFound = std::string_view::npos;

  int take_number(int without) {
    if (!is_digit(*next_)) return without;
    int64_t number = 0;
    while (is_digit(*next_)) {
      number = number * 10 + (*next_++ - '0');
      if (number > INT_MAX) luaL_error(state_, "integral size overflow");
    }
    return static_cast<int>(number);
  }

  size_t size_of_letter() {
    switch (letter_) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return sizeof(short);
      case 'l':
      case 'L':
        return sizeof(long);
      case 'T':
        return sizeof(size_t);
      case 'f':
        return sizeof(float);
      case 'd':
        return sizeof(double);
      case 'c':
        return static_cast<size_t>(take_number(1));
      case 'i':
      case 'I': {
        const int size = take_number(sizeof(int));
        if (size > kMostIntegerBytes) {
          luaL_error(state_, "integral size %d is larger than limit of %d", size,
                     kMostIntegerBytes);
        }
        return static_cast<size_t>(size);
      }
      default:
        return 0;
    }
  }

  lua_State* state_;
  const char* next_;
  char letter_ = 0;
  size_t size_ = 0;
  size_t alignment_ = 1;
  bool big_endian_ = std::endian::native == std::endian::big;
};

// --- packing ------------------------------------------------------------------------------------

// As the processor that Redis runs on converts: what does not fit becomes the smallest number, or 0
// above all of them.
uint64_t to_bits(double number) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  constexpr uint64_t kSmallest = uint64_t{1} << 63;
  if (std::isnan(number) || number < -kTwoTo63) return kSmallest;
  if (number < 0) return static_cast<uint64_t>(static_cast<int64_t>(number));
  return number < 2 * kTwoTo63 ? static_cast<uint64_t>(number) : 0;
}

void append_integer(LuaBytes& out, uint64_t bits, size_t size, bool big_endian) {
  for (size_t i = 0; i < size; ++i) {
    const size_t place = big_endian ? size - 1 - i : i;
    out.append(static_cast<char>(place < 8 ? bits >> (8 * place) : 0));
  }
}

int pack(lua_State* state) {
  Format format(state);
  LuaBytes out(state);
  int argument = 2;
  while (format.advance()) {
    for (size_t i = format.padding(out.size()); i > 0; --i) out.append('\0');
    const size_t size = format.size();
    if (format.is_integer()) {
      append_integer(out, to_bits(luaL_checknumber(state, argument++)), size, format.big_endian());
      continue;
    }
    switch (format.letter()) {
      case 'x':
        out.append('\0');
        break;
      case 'f': {
        const auto number = static_cast<float>(luaL_checknumber(state, argument++));
        append_integer(out, std::bit_cast<uint32_t>(number), size, format.big_endian());
        break;
      }
      case 'd': {
        const double number = luaL_checknumber(state, argument++);
        append_integer(out, std::bit_cast<uint64_t>(number), size, format.big_endian());
        break;
      }
      case 'c':
      case 's': {
        size_t length = 0;
        const char* text = luaL_checklstring(state, argument++, &length);
        const size_t wanted = size == 0 ? length : size;
        luaL_argcheck(state, length >= wanted, argument, "string too short");
        out.append({text, wanted});
        if (format.letter() == 's') out.append('\0');
        break;
      }
      default:
        format.obey();
    }
  }
  out.push();
  return 1;
}

// --- unpacking ----------------------------------------------------------------------------------

uint64_t read_bits(std::string_view bytes, bool big_endian) {
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t place = big_endian ? i : bytes.size() - 1 - i;
    bits = bits << 8 | static_cast<unsigned char>(bytes[place]);
  }
  return bits;
}

double read_integer(std::string_view bytes, const Format& format) {
  uint64_t bits = read_bits(bytes, format.big_endian());
  if (!format.is_signed()) return static_cast<double>(bits);
  if (!bytes.empty() && bytes.size() < 8) {
    const uint64_t sign = uint64_t{1} << (8 * bytes.size() - 1);
    bits = (bits ^ sign) - sign;
  }
  return static_cast<double>(static_cast<int64_t>(bits));
}

void check_left(lua_State* state, std::string_view data, size_t position, size_t size) {
  luaL_argcheck(state, size <= data.size() && position <= data.size() - size, 2,
                "data string too short");
}

// The number before a 'c0' is the size of its string, and no result.
size_t take_size(lua_State* state, int results) {
  if (results == 0 || !lua_isnumber(state, -1))
    luaL_error(state, "format 'c0' needs a previous size");
  const double size = lua_tonumber(state, -1);
  lua_pop(state, 1);
  return size > -1 && size < static_cast<double>(INT64_MAX) ? static_cast<size_t>(size) : SIZE_MAX;
}

int unpack(lua_State* state) {
  Format format(state);
  size_t length = 0;
  const char* bytes = luaL_checklstring(state, 2, &length);
  const std::string_view data(bytes, length);
  auto position = static_cast<size_t>(luaL_optinteger(state, 3, 1));
  luaL_argcheck(state, position > 0, 3, "offset must be 1 or greater");
  --position;
  int results = 0;
  while (format.advance()) {
    size_t size = format.size();
    position += format.padding(position);
    check_left(state, data, position, size);
    luaL_checkstack(state, 2, "too many results");
    if (format.is_integer()) {
      lua_pushnumber(state, read_integer(data.substr(position, size), format));
      ++results;
      position += size;
      continue;
    }
    switch (format.letter()) {
      case 'x':
        break;
      case 'f': {
        const auto bits =
            static_cast<uint32_t>(read_bits(data.substr(position, size), format.big_endian()));
        lua_pushnumber(state, std::bit_cast<float>(bits));
        ++results;
        break;
      }
      case 'd': {
        const uint64_t bits = read_bits(data.substr(position, size), format.big_endian());
        lua_pushnumber(state, std::bit_cast<double>(bits));
        ++results;
        break;
      }
      case 'c': {
        if (size == 0) {
          size = take_size(state, results);
          --results;
          check_left(state, data, position, size);
        }
        lua_pushlstring(state, bytes + position, size);
        ++results;
        break;
      }
      case 's': {
        const size_t end = data.find('\0', position);
        if (end == std::string_view::npos) luaL_error(state, "unfinished string in data");
        lua_pushlstring(state, bytes + position, end - position);
        ++results;
        size = end - position + 1;
        break;
      }
      default:
        format.obey();
    }
    position += size;
  }
  lua_pushinteger(state, static_cast<lua_Integer>(position + 1));
  return results + 1;
}

int size(lua_State* state) {
  Format format(state);
  size_t position = 0;
  while (format.advance()) {
    position += format.padding(position);
    if (format.letter() == 's') luaL_argerror(state, 1, "option 's' has no fixed size");
    if (format.letter() == 'c' && format.size() == 0)
      luaL_argerror(state, 1, "option 'c0' has no fixed size");
    if (!is_letter(format.letter()) && !is_digit(format.letter())) format.obey();
    position += format.size();
  }
  lua_pushinteger(state, static_cast<lua_Integer>(position));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"pack", pack},
    {"unpack", unpack},
    {"size", size},
    {nullptr, nullptr},
};

}  // namespace

int open_struct_library(lua_State* state) {
  luaL_register(state, "struct", kFunctions);
  return 1;
}

}  // namespace scrubjay::lua
