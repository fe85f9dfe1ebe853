#include <sys/socket.h>
#include <boost/asio.hpp>
