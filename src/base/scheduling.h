// What a thread asks of the kernel's scheduler. Where the kernel refuses or does not know it, the
// thread runs as any other.
#pragma once

namespace scrubjay {

// The calling thread's name, of at most 15 characters, for ps -L, top -H and perf.
void name_thread(const char* name);

// The calling thread runs when its core has nothing else to do.
void run_when_idle();

// The calling thread's sleeps end on time: not up to 50 us later, as else on Linux.
void sleep_exactly();

}  // namespace scrubjay
