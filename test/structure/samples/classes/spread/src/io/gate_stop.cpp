void Desk::stop() {}
