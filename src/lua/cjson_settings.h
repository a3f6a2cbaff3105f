// What a script may choose of cjson; one of them for each table `cjson`. Used by the encoder, the
// decoder and the library.
#pragma once

#include "lua/lua_library.h"

namespace scrubjay::lua {

enum InvalidNumbers : int { kRefuseThem, kKeepThem, kNullThem };

struct CjsonSettings {
  int sparse_convert = 0;  // an array with too many holes becomes an object; else an error
  int sparse_ratio = 2;
  int sparse_safe = 10;
  int encode_max_depth = 1000;
  int decode_max_depth = 1000;
  int encode_invalid_numbers = kRefuseThem;
  int decode_invalid_numbers = kKeepThem;
  int encode_number_precision = 14;
  int encode_keep_buffer = 1;  // told back, and without effect: buffers are short-lived here
};

// Pushes the value on top of the stack as JSON.
void encode_json(lua_State* state, const CjsonSettings& settings);

// Pushes the value that the text at stack index 1 holds.
void decode_json(lua_State* state, const CjsonSettings& settings);

}  // namespace scrubjay::lua
