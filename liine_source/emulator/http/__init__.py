"""The HTTP side: server and routes, login and tokens, request parsing, response formatting, injected faults."""
