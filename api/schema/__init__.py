"""The API and the socket, described for programs: OpenAPI, AsyncAPI, and a page of the former.

The views know nothing of it: `operations.py` describes them from outside.
"""
