int f() {
  if (true) {
}
