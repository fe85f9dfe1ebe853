namespace pawl {

void Gate::step_0() {
  ++steps_;
}
void Gate::step_1() {
  ++steps_;
}
void Gate::step_2() {
  ++steps_;
}
void Gate::step_3() {
  ++steps_;
}
void Gate::step_4() {
  ++steps_;
}
void Gate::step_5() {
  ++steps_;
}
void Gate::step_6() {
  ++steps_;
}
void Gate::step_7() {
  ++steps_;
}
void Gate::step_8() {
  ++steps_;
}
void Gate::step_9() {
  ++steps_;
}
void Gate::step_10() {
  ++steps_;
}
void Gate::step_11() {
  ++steps_;
}
void Gate::step_12() {
  ++steps_;
}
void Gate::step_13() {
  ++steps_;
}
void Gate::step_14() {
  ++steps_;
}
void Gate::step_15() {
  ++steps_;
}
void Gate::step_16() {
  ++steps_;
}
void Gate::step_17() {
  ++steps_;
}
void Gate::step_18() {
  ++steps_;
}
void Gate::step_19() {
  ++steps_;
}
void Gate::step_20() {
  ++steps_;
}
void Gate::step_21() {
  ++steps_;
}
void Gate::step_22() {
  ++steps_;
}
void Gate::step_23() {
  ++steps_;
}
void Gate::step_24() {
  ++steps_;
}
void Gate::step_25() {
  ++steps_;
}
void Gate::step_26() {
  ++steps_;
}
void Gate::step_27() {
  ++steps_;
}
void Gate::step_28() {
  ++steps_;
}
void Gate::step_29() {
  ++steps_;
}
void Gate::step_30() {
  ++steps_;
}
void Gate::step_31() {
  ++steps_;
}
void Gate::step_32() {
  ++steps_;
}
void Gate::step_33() {
  ++steps_;
}
void Gate::step_34() {
  ++steps_;
}
void Gate::step_35() {
  ++steps_;
}
void Gate::step_36() {
  ++steps_;
}
void Gate::step_37() {
  ++steps_;
}
void Gate::step_38() {
  ++steps_;
}
void Gate::step_39() {
  ++steps_;
}

}  // namespace pawl
