"""The ASGI server: daphne with faster sockets and a graceful shutdown."""
