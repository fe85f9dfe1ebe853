void Gate::hold() {}
void Desk::hold() {}
