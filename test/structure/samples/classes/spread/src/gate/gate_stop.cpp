void Gate::stop() {}
