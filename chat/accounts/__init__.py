"""Accounts: sign-in, password hashing and nickname rules."""
