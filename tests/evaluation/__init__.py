"""How good the assistant is, measured: `make evaluate`, or `python -m tests.evaluation --help`."""
