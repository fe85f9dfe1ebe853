// The isolated parser as a program of its own that has no other side.
#include "io/sql/serve.h"

int main() {
  return pawl::sql::serve();
}
