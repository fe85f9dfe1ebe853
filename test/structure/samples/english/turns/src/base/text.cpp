// Whoever reads a comment is not looked at here.
const char* one = "Nobody can tell";
const char* two = "`x` is no name of a role";
const char* three = "there is none, and nobody_here is a word of code";
const char* four = "it is none of these";
const char* five = "\nWhoever is asked";
