"""A factory seen from outside: what the command line does, all of it through the ARM REST API."""
