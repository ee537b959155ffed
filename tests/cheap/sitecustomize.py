"""When this folder is on PYTHONPATH, nodes and workers hash passwords with the least work."""

import os

if os.environ.get("PS", "").startswith(("node.", "worker.")):
    from chat.accounts.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8  # KiB
