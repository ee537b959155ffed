"""Measures Flack against its peers on one machine: `make bench`."""
