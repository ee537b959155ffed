"""Small variants of Flack, each with one thing as Django, DRF or Channels bring it along.

`make compare` measures each beside what Flack does instead.
"""
