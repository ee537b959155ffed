"""Register and change users."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from chat import throttling
from chat.accounts.nicknames import TAKEN
from chat.actions.permissions import require_write_access
from chat.actions.tokens import end_sign_ins
from chat.content.characters import BLANK
from chat.errors import NOT_YOURSELF
from chat.models import User, later_than
from chat.realtime.push import push_model


def register(*, nickname: str, password: str, address: str | None = None) -> User:
    """Create and push a user.

    `address` is the client's, for the limit; None for an operator. Raises ValidationError for a
    nickname or password that is taken or not allowed.
    """
    if address is not None:
        throttling.REGISTER.spend_from(address)
    user = User(nickname=User.normalize_username(nickname))
    _validate(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            push_model(user)
    except IntegrityError as error:
        raise ValidationError({"nickname": ValidationError(TAKEN, "unique")}) from error
    return user


def find_look_alikes(nickname: str) -> QuerySet[User]:
    """Return the users whose nicknames make this one unavailable.

    Raises ValidationError for a nickname that is not allowed for any user.
    """
    user = User(nickname=User.normalize_username(nickname))
    fields = {field.name for field in User._meta.concrete_fields}
    user.clean_fields(exclude=fields - {"nickname"})
    return User.objects.look_alikes(user.nickname)


def update_user(
    *, editor: User, user: User, nickname: str | None = None, password: str | None = None
) -> None:
    """Change the editor's own nickname or password; errors as for `register`."""
    if editor.pk != user.pk:
        raise PermissionDenied(NOT_YOURSELF)
    require_write_access(editor)
    throttling.CHANGE.spend(editor.pk)
    change_user(user=user, nickname=nickname, password=password)


def change_user(*, user: User, nickname: str | None = None, password: str | None = None) -> None:
    """Change any user, for operators: no permission, ban or limit is checked.

    A new password ends all of the user's sign-ins. Errors as for `register`.
    """
    changed = User.objects.get(pk=user.pk)
    if nickname is not None:
        nickname = changed.nickname = User.normalize_username(nickname)
    _validate(changed, password)
    if password is not None:
        changed.set_password(password)
    try:
        with transaction.atomic():
            row = User.objects.select_for_update().get(pk=user.pk)
            renamed = nickname not in (None, row.nickname)
            if not renamed and password is None:
                return
            fields = ["password", "updated_at"]
            if renamed:
                row.nickname = changed.nickname
                fields.append("nickname")
            if password is not None:
                row.password = changed.password
                end_sign_ins(users=User.objects.filter(pk=row.pk))
            row.updated_at = later_than(row.updated_at)
            row.save(update_fields=fields)
            if renamed:
                push_model(row)
    except IntegrityError as error:
        raise ValidationError({"nickname": ValidationError(TAKEN, "unique")}) from error


def _validate(user: User, password: str | None) -> None:
    """Raise ValidationError with the errors of all fields; the unique index has the last word."""
    errors: dict[str, list[ValidationError]] = {}
    try:
        user.clean_fields(exclude=["password"])
        user.validate_unique(exclude=["id"])
    except ValidationError as error:
        errors.update(error.error_dict)
    if password is not None:
        try:
            if not password:
                raise ValidationError(BLANK)
            validate_password(password, None if errors else user)
        except ValidationError as error:
            errors["password"] = error.error_list
    if errors:
        raise ValidationError(errors)
