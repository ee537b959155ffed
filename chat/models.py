"""Users, their tokens and their messages.

Every time is in whole Unix seconds. `to_dict()` is the one representation, for HTTP and for push.
"""

import hashlib
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxLengthValidator
from django.db import models

from chat import clock
from chat.accounts.nicknames import MAX_NICKNAME, NICKNAME_VALIDATORS, TAKEN
from chat.content.characters import not_blank, printable, storable

MAX_SOURCE = 10_000  # characters
MAX_KEY = 200  # characters
AHEAD = 3  # seconds that the time of a change may be in the future


def timestamp() -> int:
    """Return the current time in whole Unix seconds, by the clock that all nodes share."""
    return int(clock.now())


def later_than(updated_at: int) -> int:
    """Return the time of a change: now, or a second after the last change of the same row.

    Each version of a row then has a time of its own, so whoever hears of two, in whatever order,
    knows the newer one. But it is never more than `AHEAD` seconds from now: a client that asks for
    what changed since the newest time it knows would miss what others do until then.
    """
    now = timestamp()
    return max(now, updated_at, min(updated_at + 1, now + AHEAD))


class UserQuerySet(models.QuerySet["User"]):
    """Users as lists want them."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return what `to_dict()` gives for each, without making the instances."""
        return [user_dict(*row) for row in self.values_list(*USER_FIELDS)]


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """What `createsuperuser` and the authentication backend call."""

    def create_user(self, nickname: str, password: str | None = None, **fields: Any) -> "User":
        """Save and return a user; `password=None` means that nobody can sign in."""
        user: User = self.model(nickname=nickname, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, nickname: str, password: str | None = None, **fields: Any) -> "User":
        """Save and return a user who may do everything in the admin."""
        return self.create_user(nickname, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who chats."""

    created_at = models.BigIntegerField(default=timestamp, editable=False)
    updated_at = models.BigIntegerField(default=timestamp, editable=False)
    last_seen_at = models.BigIntegerField(default=timestamp, editable=False)
    nickname = models.CharField(
        max_length=MAX_NICKNAME,
        unique=True,
        validators=NICKNAME_VALIDATORS,
        error_messages={"unique": TAKEN},
    )
    online = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the admin", default=False)
    is_banned = models.BooleanField("banned", default=False, help_text="May read, not write.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "nickname"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        indexes = (
            models.Index(fields=["updated_at", "nickname"], name="user_updated"),
            models.Index(
                fields=["last_seen_at"], name="user_online", condition=models.Q(online=True)
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return user_dict(*(getattr(self, field) for field in USER_FIELDS))


USER_FIELDS = ("id", "created_at", "updated_at", "nickname", "last_seen_at", "online")


def user_dict(
    pk: int, created_at: int, updated_at: int, nickname: str, last_seen_at: int, online: bool
) -> dict[str, Any]:
    """Return the representation of a user from the values of `USER_FIELDS`."""
    return {
        "id": pk,
        "created_at": created_at,
        "updated_at": updated_at,
        "nickname": nickname,
        "last_seen_at": last_seen_at,
        "online": online,
        "_links": {
            "self": f"/api/users/{pk}",
            "messages": f"/api/messages?user_id={pk}",
            "tokens": "/api/tokens",
        },
    }


class Token(models.Model):
    """One sign-in. Only a digest is kept: who reads the database cannot act as anybody."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    created_at = models.BigIntegerField(default=timestamp)

    @staticmethod
    def oldest() -> int:
        """Return the time at which, or before, a token must not have been made."""
        days = settings.FLACK_TOKEN_DAYS
        return timestamp() - days * 86400 if days else 0

    @staticmethod
    def digest_of(token: str) -> str:
        """Return the SHA-256 of a token, in hex. A token is random, so no salt is needed."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def user_of(cls, digest: str) -> User | None:
        """Return whose token has this digest, or None; one indexed read."""
        return next(iter(User.objects.raw(WHOSE, [digest, cls.oldest()])), None)


# Every request of somebody who is signed in reads this. Through the ORM that takes 430 µs, 300 of
# them to put this very sentence together.
WHOSE = """
    SELECT chat_user.* FROM chat_token JOIN chat_user ON chat_user.id = chat_token.user_id
    WHERE digest = %s AND chat_token.created_at > %s AND is_active
"""


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages as lists want them."""

    def updated_since(self, since: int) -> Self:
        """Keep those changed strictly later than `since`, oldest change first."""
        return self.filter(updated_at__gt=since).order_by("updated_at", "id")

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return what `to_dict()` gives for each, without making the instances."""
        return [message_dict(*row) for row in self.values_list(*MESSAGE_FIELDS)]


class Message(models.Model):
    """What somebody said, as typed (`source`) and as shown (`html`)."""

    created_at = models.BigIntegerField(default=timestamp)
    updated_at = models.BigIntegerField(default=timestamp)
    source = models.TextField(validators=[MaxLengthValidator(MAX_SOURCE), storable, not_blank])
    html = models.TextField(editable=False)
    # No index of its own: those below begin with it.
    user = models.ForeignKey(User, models.CASCADE, related_name="messages", db_index=False)
    # The client's Idempotency-Key (`ref` on the socket): the same one gives the same message.
    key = models.CharField(
        max_length=MAX_KEY, null=True, editable=False, validators=[printable, not_blank]
    )
    # True from the commit until the previews of its links are in: a lost task is found by it.
    expanding = models.BooleanField(default=False, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="message_key"),)
        indexes = (
            models.Index(fields=["updated_at", "id"], name="message_updated"),
            models.Index(fields=["user", "id"], name="message_user"),
            models.Index(fields=["user", "updated_at", "id"], name="message_user_updated"),
            models.Index(
                fields=["updated_at"], name="message_expanding", condition=models.Q(expanding=True)
            ),
        )

    def __str__(self) -> str:
        return self.source[:60]

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return message_dict(*(getattr(self, field) for field in MESSAGE_FIELDS))


MESSAGE_FIELDS = ("id", "created_at", "updated_at", "source", "html", "user_id")


def message_dict(
    pk: int, created_at: int, updated_at: int, source: str, html: str, user_id: int
) -> dict[str, Any]:
    """Return the representation of a message from the values of `MESSAGE_FIELDS`."""
    return {
        "id": pk,
        "created_at": created_at,
        "updated_at": updated_at,
        "source": source,
        "html": html,
        "user_id": user_id,
        "_links": {"self": f"/api/messages/{pk}", "user": f"/api/users/{user_id}"},
    }


class Deletion(models.Model):
    """That rows are gone, for pages that missed the push. Kept for a year."""

    deleted_at = models.BigIntegerField(default=timestamp, db_index=True)
    model = models.CharField(max_length=16)  # the name of the class
    first = models.BigIntegerField()  # id; everything from here
    last = models.BigIntegerField()  # to here

    def to_dict(self) -> dict[str, Any]:
        """Return the representation, for HTTP and for push."""
        return {"class": self.model, "first": self.first, "last": self.last}
