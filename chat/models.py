"""Users, their tokens and their messages.

Times are in whole Unix seconds. `to_dict()` returns the representation for HTTP and for push.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar, Self, cast

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import connections, models

from chat import clock
from chat.accounts.nicknames import MAX_NICKNAME, NICKNAME_VALIDATORS, TAKEN, normalize
from chat.accounts.skeletons import shown_skeleton, skeleton
from chat.content.characters import not_blank, printable, storable
from chat.search import TABLE, WordsField, fts5, phrases, tsquery

MAX_SOURCE = 10_000  # characters
MAX_KEY = 200  # characters
AHEAD = 3  # seconds that `updated_at` may lie in the future


def timestamp() -> int:
    """Return the current time in whole Unix seconds, by the clock of the database."""
    return int(clock.now())


def later_than(updated_at: int) -> int:
    """Return the time of a change: now, or one second after the row's last change.

    Each version of a row has a time of its own, so a client that receives two in any order keeps
    the newer one. The time is at most `AHEAD` seconds in the future: a client that fetches changes
    since its newest `updated_at` would miss other changes until then.
    """
    now = timestamp()
    return max(now, updated_at, min(updated_at + 1, now + AHEAD))


class UserQuerySet(models.QuerySet["User"]):
    """Users, with their representations."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return `to_dict()` of each row, without creating instances."""
        return [user_dict(*row) for row in self.values_list(*USER_FIELDS)]

    def look_alikes(self, nickname: str) -> Self:
        """Return the users with a nickname that a person would take for this one, or with it."""
        return self.filter(
            models.Q(nickname=nickname)
            | models.Q(skeleton=skeleton(nickname))
            | models.Q(shown_skeleton=shown_skeleton(nickname))
        )


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates users for `createsuperuser` and the tests, without the checks of the actions."""

    def create_user(self, nickname: str, password: str | None = None, **fields: Any) -> "User":
        """Save and return a user; with `password=None` sign-in is not possible."""
        user: User = self.model(nickname=nickname, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, nickname: str | None) -> "User":
        """Return the user with a nickname in any case and composition, or raise DoesNotExist.

        The exact form comes first: nicknames were once stored as they were typed.
        """
        forms = [nickname or "", normalize(nickname or "")]
        same = models.Q(nickname__in=forms) | models.Q(skeleton=skeleton(forms[1]))
        found = {user.nickname: user for user in self.filter(same)}
        for form in (*forms, *found):
            if form in found:
                return found[form]
        raise self.model.DoesNotExist

    def create_superuser(self, nickname: str, password: str | None = None, **fields: Any) -> "User":
        """Save and return a user with all permissions in the admin.

        Raises ValidationError for a nickname that is taken, which `createsuperuser` prints.
        """
        self.model(nickname=nickname).validate_unique(exclude=["id"])
        return self.create_user(nickname, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account, identified by its nickname."""

    created_at = models.BigIntegerField(default=timestamp, editable=False)
    updated_at = models.BigIntegerField(default=timestamp, editable=False)
    last_seen_at = models.BigIntegerField(default=timestamp, editable=False)
    nickname = models.CharField(
        max_length=MAX_NICKNAME,
        unique=True,
        validators=NICKNAME_VALIDATORS,
        error_messages={"unique": TAKEN},
    )
    # Null in rows inserted by nodes of a version without these columns, until the next rename.
    skeleton = models.TextField(null=True, editable=False)
    shown_skeleton = models.TextField(null=True, editable=False)
    online = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may use the admin", default=False)
    is_banned = models.BooleanField("banned", default=False, help_text="May read, not write.")
    # Raised to end all sign-ins. The database has a default too: while nodes of the last version
    # still run, they insert users without this column.
    sign_in_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "nickname"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["skeleton"], name="user_skeleton"),
            models.UniqueConstraint(fields=["shown_skeleton"], name="user_shown_skeleton"),
        )
        indexes = (
            models.Index(fields=["updated_at", "nickname"], name="user_updated"),
            models.Index(
                fields=["last_seen_at"], name="user_online", condition=models.Q(online=True)
            ),
        )

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return a nickname as it is stored; Django's own would replace full-width letters."""
        return normalize(username)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user, with the skeletons of the nickname."""
        fields = kwargs.get("update_fields")
        if fields is None or "nickname" in fields:
            self.skeleton = skeleton(self.nickname)
            self.shown_skeleton = shown_skeleton(self.nickname)
            if fields is not None:
                kwargs["update_fields"] = {*fields, "skeleton", "shown_skeleton"}
        super().save(*args, **kwargs)

    def validate_unique(self, exclude: Any = None) -> None:
        """Raise ValidationError also for a nickname that looks like another user's."""
        super().validate_unique(exclude)
        if "nickname" in (exclude or ()):
            return
        if User.objects.look_alikes(self.nickname).exclude(pk=self.pk).exists():
            raise ValidationError({"nickname": ValidationError(TAKEN, "unique")})

    def get_session_auth_hash(self) -> str:
        """Return the hash that each session of this user must carry, see Django."""
        return super().get_session_auth_hash() + self._epoch()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same by each of SECRET_KEY_FALLBACKS."""
        for value in super().get_session_auth_fallback_hash():
            yield value + self._epoch()

    def _epoch(self) -> str:
        # Nothing for 0, so that sessions of the version without this column stay valid.
        return f".{self.sign_in_epoch}" if self.sign_in_epoch else ""

    def check_password(self, raw_password: str | None) -> bool:
        """Return True if the password is right, and upgrade its hash if the hasher changed.

        Django's method saves the upgraded hash unconditionally, which would undo a password change
        that was committed since this row was read.
        """
        old, lost = self.password, False

        def upgrade(raw_password: str) -> None:
            nonlocal lost
            upgraded = make_password(raw_password)
            row = User.objects.filter(pk=self.pk, password=old)
            lost = not row.update(password=upgraded)
            self.password = old if lost else upgraded

        right = check_password(raw_password, old, upgrade)
        if lost:
            self.refresh_from_db(fields=["password"])
            right = check_password(raw_password, self.password)
        return right

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return user_dict(*(getattr(self, field) for field in USER_FIELDS))


USER_FIELDS = ("id", "created_at", "updated_at", "nickname", "last_seen_at", "online")


def user_dict(
    pk: int, created_at: int, updated_at: int, nickname: str, last_seen_at: int, online: bool
) -> dict[str, Any]:
    """Return a user's representation from the values of `USER_FIELDS`."""
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
        return next(iter(User.objects.raw(USER_OF_DIGEST, [digest, cls.oldest()])), None)


# Every authenticated request runs this query. Through the ORM it takes 430 µs, 300 of which go
# into building the SQL.
USER_OF_DIGEST = """
    SELECT chat_user.* FROM chat_token JOIN chat_user ON chat_user.id = chat_token.user_id
    WHERE digest = %s AND chat_token.created_at > %s AND is_active
"""


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, with their representations."""

    def updated_since(self, since: int) -> Self:
        """Return messages changed strictly later than `since`, oldest change first."""
        return self.filter(updated_at__gt=since).order_by("updated_at", "id")

    def search(self, query: str, before: int = 2**63 - 1) -> Self:
        """Return messages with an id below `before` that have the words of a query, newest first.

        A query without words finds none. Raises ValidationError for a query that is too long.
        """
        words = phrases(query)
        if not words:
            return self.none()
        if connections[self.db].vendor == "postgresql":
            match: dict[str, Any] = {"where": ["words @@ %s::tsquery"], "params": [tsquery(words)]}
            return cast("Self", self.filter(pk__lt=before).order_by("-id").extra(**match))
        # SQLite reads the matches of FTS5 by descending id, as far as they are asked for.
        match = {
            "tables": [TABLE],
            "where": [
                f"{TABLE} MATCH %s",
                f"{TABLE}.rowid < %s",
                f"{TABLE}.rowid = chat_message.id",
            ],
            "params": [fts5(words), before],
            "order_by": [f"-{TABLE}.rowid"],
        }
        return cast("Self", self.extra(**match))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return `to_dict()` of each row, without creating instances."""
        return [message_dict(*row) for row in self.values_list(*MESSAGE_FIELDS)]


class Message(models.Model):
    """A message, as typed (`source`) and as shown (`html`)."""

    created_at = models.BigIntegerField(default=timestamp)
    updated_at = models.BigIntegerField(default=timestamp)
    source = models.TextField(validators=[MaxLengthValidator(MAX_SOURCE), storable, not_blank])
    html = models.TextField(editable=False)
    # When the author last changed the source. `updated_at` also moves when previews are appended.
    edited_at = models.BigIntegerField(null=True, editable=False)
    # No index of its own: two of the indexes below begin with it.
    user = models.ForeignKey(User, models.CASCADE, related_name="messages", db_index=False)
    # The client's Idempotency-Key, `ref` on the socket: the same key returns the same message.
    key = models.CharField(
        max_length=MAX_KEY, null=True, editable=False, validators=[printable, not_blank]
    )
    # True from the commit until the link previews are appended; lost tasks are found by it.
    expanding = models.BooleanField(default=False, editable=False)
    # When `find_unexpanded_messages` queued the expansion again: it does so once a minute.
    queued_at = models.BigIntegerField(null=True, editable=False)
    words = WordsField()

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


MESSAGE_FIELDS = ("id", "created_at", "updated_at", "edited_at", "source", "html", "user_id")


def message_dict(
    pk: int,
    created_at: int,
    updated_at: int,
    edited_at: int | None,
    source: str,
    html: str,
    user_id: int,
) -> dict[str, Any]:
    """Return a message's representation from the values of `MESSAGE_FIELDS`."""
    return {
        "id": pk,
        "created_at": created_at,
        "updated_at": updated_at,
        "edited_at": edited_at,
        "source": source,
        "html": html,
        "user_id": user_id,
        "_links": {"self": f"/api/messages/{pk}", "user": f"/api/users/{user_id}"},
    }


class Deletion(models.Model):
    """A tombstone of deleted rows, for clients that missed the push; kept for a year."""

    deleted_at = models.BigIntegerField(default=timestamp, db_index=True)
    model = models.CharField(max_length=16)  # the name of the class
    first = models.BigIntegerField()  # the ids from here
    last = models.BigIntegerField()  # up to and including this one

    def to_dict(self) -> dict[str, Any]:
        """Return the representation."""
        return {"class": self.model, "first": self.first, "last": self.last}
