void Gate::call() {}
void Desk::call() {}
