#include "base/scheduling.h"

#include <pthread.h>
#include <sched.h>

namespace scrubjay {

void name_thread(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

void run_when_idle() {
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
}

}  // namespace scrubjay
