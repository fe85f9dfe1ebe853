// A mutex that clang's thread-safety analysis understands.
#pragma once

#include <mutex>

#if defined(__clang__)
#define PAWL_ATTRIBUTE(x) __attribute__((x))
#else
#define PAWL_ATTRIBUTE(x)
#endif
#define PAWL_GUARDED_BY(x) PAWL_ATTRIBUTE(guarded_by(x))

namespace pawl::journal {

class PAWL_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() PAWL_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() PAWL_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class PAWL_ATTRIBUTE(scoped_lockable) Guard {
 public:
  explicit Guard(Mutex& mutex) PAWL_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~Guard() PAWL_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace pawl::journal
