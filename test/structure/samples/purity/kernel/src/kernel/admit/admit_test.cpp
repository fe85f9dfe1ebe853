#include <fstream>
#include <filesystem>
