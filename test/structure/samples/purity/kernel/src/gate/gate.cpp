#include <chrono>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>
#include <boost/container/small_vector.hpp>
