"""Django's backend for PostgreSQL, which checks its connections without a query."""
