"""The launcher behind `make run`."""
