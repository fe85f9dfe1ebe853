#include "io/net/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace pawl::net {

namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the filter of system calls needs the name of this architecture"
#endif

constexpr std::uint32_t kAllowed[] = {
    // The parser of PostgreSQL makes a pipe for its error output at each text.
    SYS_read,         SYS_write,          SYS_close,     SYS_pipe2,
    SYS_dup,          SYS_dup3,           SYS_fcntl,     SYS_brk,
    SYS_mmap,         SYS_munmap,         SYS_mremap,    SYS_mprotect,
    SYS_madvise,      SYS_futex,          SYS_exit,      SYS_exit_group,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_getrandom, SYS_rt_sigreturn,
    SYS_lseek,        SYS_clock_gettime,
#ifdef SYS_dup2
    SYS_dup2,
#endif
#ifdef SYS_pipe
    SYS_pipe,
#endif
};

sock_filter step(std::uint16_t code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
  return sock_filter{.code = code, .jt = yes, .jf = no, .k = k};
}

// Everything else fails with EPERM: a parser that tries is wrong, and finds out.
bool filter_calls() {
  std::vector<sock_filter> program;
  program.push_back(step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  program.push_back(step(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  program.push_back(step(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  program.push_back(step(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const std::uint32_t number : kAllowed) {
    program.push_back(step(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    program.push_back(step(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  program.push_back(step(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog whole{.len = static_cast<unsigned short>(program.size()),
                         .filter = program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0;
}

bool limit(int what, rlim_t most) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(what), &now) != 0) return false;
  const rlim_t bounded = now.rlim_max < most ? now.rlim_max : most;
  const rlimit then{.rlim_cur = bounded, .rlim_max = bounded};
  return ::setrlimit(static_cast<__rlimit_resource>(what), &then) == 0;
}

}  // namespace

bool confine() {
  bool done = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
              limit(RLIMIT_STACK, confined_stack_bytes_max);
  done = done && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  done = done && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (kSanitized) return done;
  done = done && limit(RLIMIT_AS, confined_memory_bytes_max) &&
         limit(RLIMIT_NOFILE, confined_files_max);
  return done && filter_calls();
}

}  // namespace pawl::net
