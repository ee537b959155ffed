"""Flack on Flask and on Django, each as documented and as tuned: what `make compare` compares."""
