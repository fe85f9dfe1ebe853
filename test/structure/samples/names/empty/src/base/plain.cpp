// data, info and a manager in a comment say nothing wrong
int first(const std::string& text) { return text.data()[0]; }
int second(Table* table) { return table->info + *std::data(kTable); }
int data = 3;
class RunManager {};
void info();
const char* words = "util helper data";
int call_helper(int utils);
int metadata = database + information + utility;
#define MANAGER 1
