#include "base/scheduling.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

namespace scrubjay {

void name_thread(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

void run_when_idle() {
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
}

void sleep_exactly() {
  prctl(PR_SET_TIMERSLACK, 1);
}

}  // namespace scrubjay
