"""Climbs load ladders with the Flask version and this one in turn: `make compare`."""
