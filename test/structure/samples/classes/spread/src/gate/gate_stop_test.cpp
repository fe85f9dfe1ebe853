void Desk::look() {}
