"""The password hasher of the tests in this process."""

from chat.accounts import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the least work, because most tests create users and sign them in."""

    time_cost = 1
    memory_cost = 8  # KiB
