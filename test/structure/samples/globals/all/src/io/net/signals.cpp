volatile std::sig_atomic_t woken = 0;
std::atomic<int> wake_fd{-1};
int other = 0;
