"""Tokens, one for each sign-in."""

import hashlib

from django.conf import settings
from django.db import connection, models

from chat.models.times import timestamp
from chat.models.users import User


class Token(models.Model):
    """One sign-in. Only a digest is stored, so a copy of the database contains no credentials."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    created_at = models.BigIntegerField(default=timestamp)

    @staticmethod
    def oldest() -> int:
        """Return the time after which a token must have been issued to be valid."""
        days = settings.FLACK_TOKEN_DAYS
        return timestamp() - days * 86400 if days else 0

    @staticmethod
    def digest_of(token: str) -> str:
        """Return the SHA-256 of a token in hex. A token is random, so no salt is needed."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def user_of(cls, digest: str) -> User | None:
        """Return the user that owns the token with this digest, or None; one indexed read."""
        with connection.cursor() as cursor:
            cursor.execute(USER_OF_DIGEST, [digest, cls.oldest()])
            row = cursor.fetchone()
        # SQLite has no boolean values.
        values = row and [convert(value) for convert, value in zip(CONVERTERS, row, strict=True)]
        return User.from_db(connection.alias, FIELDS, values) if values else None


# All fields but `last_login`, which is not used.
FIELDS = [f.attname for f in User._meta.concrete_fields if f.attname != "last_login"]
CONVERTERS = [
    bool if isinstance(User._meta.get_field(name), models.BooleanField) else lambda value: value
    for name in FIELDS
]
# Every authenticated request runs this query. It takes 45 µs of CPU time, with `User.objects.raw`
# 120 and with a queryset 528 (27 November 2026, `python -m comparison.bench.overrides`).
USER_OF_DIGEST = f"""
    SELECT {", ".join(f"chat_user.{name}" for name in FIELDS)}
    FROM chat_token JOIN chat_user ON chat_user.id = chat_token.user_id
    WHERE digest = %s AND chat_token.created_at > %s AND is_active
"""  # noqa: S608
