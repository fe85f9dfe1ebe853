// TODO: later
int a;  // FIXME
// todo lists and TODOS are words of the language
const char* form = "/tmp/pawl-XXXXXX";
