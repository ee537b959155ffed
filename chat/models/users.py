"""Users, identified by their nicknames."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models

from chat.accounts.nicknames import MAX_NICKNAME, MAX_TYPED, NICKNAME_VALIDATORS, TAKEN, normalize
from chat.accounts.skeletons import shown_skeleton, skeleton
from chat.models.times import timestamp


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
        if len(nickname or "") > MAX_TYPED:
            raise self.model.DoesNotExist
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

    def clean_fields(self, exclude: Any = None) -> None:
        """Raise ValidationError for values that are not allowed, except a nickname that stays."""
        super().clean_fields(self._unchecked(exclude))

    def validate_unique(self, exclude: Any = None) -> None:
        """Raise ValidationError also for a nickname that looks like another user's."""
        exclude = self._unchecked(exclude)
        super().validate_unique(exclude)
        if "nickname" in exclude:
            return
        if User.objects.look_alikes(self.nickname).exclude(pk=self.pk).exists():
            raise ValidationError({"nickname": ValidationError(TAKEN, "unique")})

    def _unchecked(self, exclude: Any) -> set[str]:
        # The nickname that is stored may be older than the rules of today.
        stored = User.objects.filter(pk=self.pk).values_list("nickname", flat=True).first()
        return {*(exclude or ()), *(["nickname"] if stored == self.nickname else [])}

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
