#include <boost/asio.hpp>
#include <thread>
