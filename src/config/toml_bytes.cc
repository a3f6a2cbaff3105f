#include "config/toml_bytes.h"

namespace scrubjay::config {
namespace {

// Byte b is written as U+E000 + b: 0xEE, then its upper two and lower six bits.
constexpr unsigned char kLead = 0xEE;
constexpr size_t kLength = 3;

constexpr unsigned char byte_at(std::string_view text, size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

std::string disguise_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = byte_at(text, i);
    if (byte < 0x80) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(kLead);
    out += static_cast<char>(0x80u | byte >> 6);
    out += static_cast<char>(0x80u | (byte & 0x3Fu));
  }
  return out;
}

std::string restore_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool disguised = byte_at(text, i) == kLead && i + kLength <= text.size() &&
                           (byte_at(text, i + 1) & 0xFEu) == 0x82u;
    if (!disguised) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((byte_at(text, i + 1) & 0x3u) << 6 | (byte_at(text, i + 2) & 0x3Fu));
    i += kLength - 1;
  }
  return out;
}

}  // namespace scrubjay::config
