#include <random>
std::mt19937 chance;
