#include "base/error.h"

namespace pawl {

std::string to_string(const Position& at) {
  std::string out = at.file;
  if (at.line == 0) return out;
  if (!out.empty()) out += ':';
  out += std::to_string(at.line);
  if (at.column != 0) out += ':' + std::to_string(at.column);
  return out;
}

std::string to_string(const Error& error) {
  std::string place = to_string(error.at);
  if (place.empty()) return error.message;
  return place + ": " + error.message;
}

}  // namespace pawl
