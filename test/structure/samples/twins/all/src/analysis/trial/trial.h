namespace pawl {
struct Forward;
template <class Difference> void use(Difference* d);
struct Difference { int name; };
class Weight : public Base {};
namespace inner { struct Other { struct Own {}; }; }
namespace {
struct Box {};
}  // namespace
void f() { struct Own {}; }
}  // namespace pawl
namespace pawl::inner {
struct Own final {};
}
