"""Small variants of Flack; each uses one default of Django, DRF or Channels.

`make compare` measures each against Flack's own way.
"""
