void Gate::open() {}
void Desk::open() {}
