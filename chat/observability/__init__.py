"""Observability: metrics, request ids and request counts."""
