"""The contestant "django-documented" with some ideas of this project, to measure what each brings.

It is no contestant: a client that does not read delays all others. TUNED names the ideas: "seen"
and "hub" are in `ideas.py`, "pubsub" is in `settings.py`. The command of a node chooses the server.
"""
