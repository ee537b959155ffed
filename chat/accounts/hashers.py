"""Password hashing."""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's password storage cheat sheet.

    Django's defaults use 100 MiB and eight lanes per sign-in, too much for many sign-ins at once.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
