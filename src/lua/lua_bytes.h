// Bytes under construction inside a Lua function: first on the C stack, then in a userdata that
// Lua's collector owns. It has nothing to destroy, so a Lua error may jump over it at any point.
// Used by the libraries of the sandbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "lua/lua_library.h"

namespace scrubjay::lua {

class LuaBytes {
 public:
  // Takes one slot of the Lua stack, a nil at first.
  explicit LuaBytes(lua_State* state) : state_(state) {
    luaL_checkstack(state, 2, "no room for a result");
    lua_pushnil(state);
    slot_ = lua_gettop(state);
  }
  LuaBytes(const LuaBytes&) = delete;
  LuaBytes& operator=(const LuaBytes&) = delete;

  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }
  void clear() { size_ = 0; }
  void push() { lua_pushlstring(state_, data_, size_); }

  void append(char byte) {
    if (size_ == capacity_) grow(1);
    data_[size_++] = byte;
  }
  void append(std::string_view bytes) {
    if (bytes.size() > capacity_ - size_) grow(bytes.size());
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // The lowest `count` bytes of a number, the highest first.
  void append_big_endian(uint64_t number, int count) {
    for (int shift = (count - 1) * 8; shift >= 0; shift -= 8)
      append(static_cast<char>(number >> shift));
  }

 private:
  static constexpr size_t kMostBytes = size_t{1} << 30;

  void grow(size_t wanted) {
    if (wanted > kMostBytes - size_) luaL_error(state_, "not enough memory");
    const size_t capacity = size_ + wanted > 2 * capacity_ ? size_ + wanted : 2 * capacity_;
    char* data = static_cast<char*>(lua_newuserdata(state_, capacity));
    std::memcpy(data, data_, size_);
    lua_replace(state_, slot_);
    data_ = data;
    capacity_ = capacity;
  }

  lua_State* state_;
  int slot_ = 0;
  char first_[512];
  char* data_ = first_;
  size_t size_ = 0;
  size_t capacity_ = sizeof(first_);
};

}  // namespace scrubjay::lua
