#include "net/outbox.h"

#include "net/session.h"

namespace scrubjay::net {
namespace {

constexpr int64_t kMaxHoldNs = 100'000;
constexpr size_t kMaxHeld = 64 * 1024;

}  // namespace

void Outbox::put(Session& session, std::string_view head, std::string_view rest, int64_t now_ns) {
  size_t& slot = session.outbox_slot();
  if (slot == kNoSlot) {
    if (used_ == 0) since_ns_ = now_ns;
    slot = used_++;
    if (slots_.size() < used_) slots_.emplace_back();
    slots_[slot].session = &session;
  }
  std::string& held = slots_[slot].bytes;
  held += head;
  held += rest;
  bytes_ += head.size() + rest.size();
}

std::string_view Outbox::take(Session& session) {
  Slot& slot = slots_[std::exchange(session.outbox_slot(), kNoSlot)];
  slot.session = nullptr;
  bytes_ -= slot.bytes.size();
  return slot.bytes;
}

bool Outbox::is_due(int64_t now_ns) const {
  return !empty() && (now_ns - since_ns_ > kMaxHoldNs || bytes_ > kMaxHeld);
}

void Outbox::send() {
  if (used_ == 0 || busy_) return;
  busy_ = true;
  slots_.swap(sending_);
  const size_t count = std::exchange(used_, 0);
  bytes_ = 0;
  for (size_t i = 0; i < count; ++i) {
    Slot& slot = sending_[i];
    if (slot.session != nullptr) {
      slot.session->outbox_slot() = kNoSlot;
      slot.session->send_held(slot.bytes);
      slot.session = nullptr;
    }
    if (slot.bytes.capacity() > kMaxHeld)
      slot.bytes = std::string();
    else
      slot.bytes.clear();
  }
  if (slots_.empty()) slots_.swap(sending_);
  busy_ = false;
}

}  // namespace scrubjay::net
