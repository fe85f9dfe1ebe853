#include <string>
namespace {
int fits() {
  step(0);
  step(1);
  step(2);
  step(3);
  step(4);
  step(5);
  step(6);
  step(7);
  step(8);
  step(9);
  step(10);
  step(11);
  step(12);
  step(13);
  step(14);
  step(15);
  step(16);
  step(17);
  step(18);
  step(19);
  step(20);
  step(21);
  step(22);
  step(23);
  step(24);
  step(25);
  step(26);
  step(27);
  step(28);
  step(29);
  step(30);
  step(31);
  step(32);
  step(33);
  step(34);
  step(35);
  step(36);
  step(37);
  step(38);
  step(39);
  step(40);
  step(41);
  step(42);
  step(43);
  step(44);
  step(45);
  step(46);
  step(47);
  step(48);
  step(49);
  step(50);
  step(51);
  step(52);
  step(53);
  step(54);
  step(55);
  step(56);
  step(57);
}
int too_long() {
  step(0);
  step(1);
  step(2);
  step(3);
  step(4);
  step(5);
  step(6);
  step(7);
  step(8);
  step(9);
  step(10);
  step(11);
  step(12);
  step(13);
  step(14);
  step(15);
  step(16);
  step(17);
  step(18);
  step(19);
  step(20);
  step(21);
  step(22);
  step(23);
  step(24);
  step(25);
  step(26);
  step(27);
  step(28);
  step(29);
  step(30);
  step(31);
  step(32);
  step(33);
  step(34);
  step(35);
  step(36);
  step(37);
  step(38);
  step(39);
  step(40);
  step(41);
  step(42);
  step(43);
  step(44);
  step(45);
  step(46);
  step(47);
  step(48);
  step(49);
  step(50);
  step(51);
  step(52);
  step(53);
  step(54);
  step(55);
  step(56);
  step(57);
  step(58);
}
// A brace in a comment } and in a string:
const char* kText = "{{{ \" {";
char kQuote = '{'; int kMany = 1'000'000;
const char* kRaw = R"x(
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
}{ )" still raw
)x";
/* a block { comment
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
{
*/
class Room {
 public:
  Room() : a_{1}, b_(2) {}
  template <class T>
  int method(int a = 3,
             std::string b = {}) {
  step(0);
  step(1);
  step(2);
  step(3);
  step(4);
  step(5);
  step(6);
  step(7);
  step(8);
  step(9);
  step(10);
  step(11);
  step(12);
  step(13);
  step(14);
  step(15);
  step(16);
  step(17);
  step(18);
  step(19);
  step(20);
  step(21);
  step(22);
  step(23);
  step(24);
  step(25);
  step(26);
  step(27);
  step(28);
  step(29);
  step(30);
  step(31);
  step(32);
  step(33);
  step(34);
  step(35);
  step(36);
  step(37);
  step(38);
  step(39);
  step(40);
  step(41);
  step(42);
  step(43);
  step(44);
  step(45);
  step(46);
  step(47);
  step(48);
  step(49);
  step(50);
  step(51);
  step(52);
  step(53);
  step(54);
  step(55);
  step(56);
  step(57);
  step(58);
  }
  bool operator==(const Room&) const = default;
 private:
  int a_ = 0;
  int b_{};
};
constexpr int kTable[] = {
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
  1,
};
Room::Room()
    : a_{1},
      b_{2} {
  step(0);
  step(1);
  step(2);
  step(3);
  step(4);
  step(5);
  step(6);
  step(7);
  step(8);
  step(9);
  step(10);
  step(11);
  step(12);
  step(13);
  step(14);
  step(15);
  step(16);
  step(17);
  step(18);
  step(19);
  step(20);
  step(21);
  step(22);
  step(23);
  step(24);
  step(25);
  step(26);
  step(27);
  step(28);
  step(29);
  step(30);
  step(31);
  step(32);
  step(33);
  step(34);
  step(35);
  step(36);
  step(37);
  step(38);
  step(39);
  step(40);
  step(41);
  step(42);
  step(43);
  step(44);
  step(45);
  step(46);
  step(47);
  step(48);
  step(49);
  step(50);
  step(51);
  step(52);
  step(53);
  step(54);
  step(55);
  step(56);
  step(57);
  step(58);
}
enum class Kind {
  k0,
  k1,
  k2,
  k3,
  k4,
  k5,
  k6,
  k7,
  k8,
  k9,
  k10,
  k11,
  k12,
  k13,
  k14,
  k15,
  k16,
  k17,
  k18,
  k19,
  k20,
  k21,
  k22,
  k23,
  k24,
  k25,
  k26,
  k27,
  k28,
  k29,
  k30,
  k31,
  k32,
  k33,
  k34,
  k35,
  k36,
  k37,
  k38,
  k39,
  k40,
  k41,
  k42,
  k43,
  k44,
  k45,
  k46,
  k47,
  k48,
  k49,
  k50,
  k51,
  k52,
  k53,
  k54,
  k55,
  k56,
  k57,
  k58,
  k59,
  k60,
  k61,
  k62,
  k63,
  k64,
  k65,
  k66,
  k67,
  k68,
  k69,
};
}  // namespace
