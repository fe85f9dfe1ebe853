#include <chrono>
#include <string>
#include <sys/stat.h>
#include "model/clock.h"
#include "base/time.h"
// std::rand() in a comment
int seed() { return rand(); }
auto t = time(nullptr);
Duration clock(Instant now) { return run.clock(now); }
const char* home = std::getenv("HOME");
int rand_of(Row row) { return row.rand; }
