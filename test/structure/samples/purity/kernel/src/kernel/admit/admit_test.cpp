#include <filesystem>
#include <fstream>
