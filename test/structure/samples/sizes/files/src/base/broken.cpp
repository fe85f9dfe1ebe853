int f() {
  if (true) {
  }
