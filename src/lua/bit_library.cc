#include "lua/bit_library.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace scrubjay::lua {
namespace {

// The number modulo 2^32, rounded to the nearest integer: adding 1.5 * 2^52 leaves it in the low
// bits of the mantissa.
uint32_t check_bits(lua_State* state, int index) {
  const double number = lua_tonumber(state, index);
  const auto bits = static_cast<uint32_t>(std::bit_cast<uint64_t>(number + 6755399441055744.0));
  if (bits == 0 && !lua_isnumber(state, index)) luaL_typerror(state, index, "number");
  return bits;
}

int push(lua_State* state, uint32_t bits) {
  lua_pushnumber(state, static_cast<int32_t>(bits));
  return 1;
}

template <class Operation>
int fold(lua_State* state, Operation operation) {
  uint32_t bits = check_bits(state, 1);
  for (int i = lua_gettop(state); i > 1; --i) bits = operation(bits, check_bits(state, i));
  return push(state, bits);
}

int tobit(lua_State* state) {
  return push(state, check_bits(state, 1));
}

int bnot(lua_State* state) {
  return push(state, ~check_bits(state, 1));
}

int band(lua_State* state) {
  return fold(state, [](uint32_t a, uint32_t b) { return a & b; });
}

int bor(lua_State* state) {
  return fold(state, [](uint32_t a, uint32_t b) { return a | b; });
}

int bxor(lua_State* state) {
  return fold(state, [](uint32_t a, uint32_t b) { return a ^ b; });
}

int check_shift(lua_State* state) {
  return static_cast<int>(check_bits(state, 2) & 31);
}

int lshift(lua_State* state) {
  const uint32_t bits = check_bits(state, 1);
  return push(state, bits << check_shift(state));
}

int rshift(lua_State* state) {
  const uint32_t bits = check_bits(state, 1);
  return push(state, bits >> check_shift(state));
}

int arshift(lua_State* state) {
  const auto bits = static_cast<int32_t>(check_bits(state, 1));
  return push(state, static_cast<uint32_t>(bits >> check_shift(state)));
}

int rol(lua_State* state) {
  const uint32_t bits = check_bits(state, 1);
  return push(state, std::rotl(bits, check_shift(state)));
}

int ror(lua_State* state) {
  const uint32_t bits = check_bits(state, 1);
  return push(state, std::rotr(bits, check_shift(state)));
}

int bswap(lua_State* state) {
  return push(state, __builtin_bswap32(check_bits(state, 1)));
}

// A negative number of digits asks for capital letters.
int tohex(lua_State* state) {
  constexpr int64_t kMostDigits = 8;
  uint32_t bits = check_bits(state, 1);
  const int64_t wanted =
      lua_isnone(state, 2) ? kMostDigits : static_cast<int32_t>(check_bits(state, 2));
  const char* digits = wanted < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
  const int64_t count = std::min(wanted < 0 ? -wanted : wanted, kMostDigits);
  char text[kMostDigits];
  for (int64_t i = count; i-- > 0; bits >>= 4) text[i] = digits[bits & 15];
  lua_pushlstring(state, text, static_cast<size_t>(count));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"tobit", tobit},   {"bnot", bnot},     {"band", band},       {"bor", bor}, {"bxor", bxor},
    {"lshift", lshift}, {"rshift", rshift}, {"arshift", arshift}, {"rol", rol}, {"ror", ror},
    {"bswap", bswap},   {"tohex", tohex},   {nullptr, nullptr},
};

}  // namespace

int open_bit_library(lua_State* state) {
  luaL_register(state, "bit", kFunctions);
  return 1;
}

}  // namespace scrubjay::lua
