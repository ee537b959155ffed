"""How passwords are hashed."""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's password storage cheat sheet.

    Django's own take 100 MiB and eight lanes for each sign-in, which a storm of them cannot have.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
