"""What users can do. REST, socket, Celery and manage.py parse and delegate to these functions.

Each action checks permission, ban and limit, validates, does slow work (hashing, Markdown) and only
then opens one transaction, which pushes the changes that others can see when it commits.
"""

import logging
import secrets
from collections.abc import Callable
from functools import partial

from celery import current_app
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from kombu.exceptions import OperationalError as BrokerError

from chat import throttling
from chat.accounts.nicknames import TAKEN
from chat.content.characters import BLANK
from chat.content.fetch import Refused
from chat.content.markup import links, render
from chat.content.previews import previews
from chat.content.slots import Slots
from chat.errors import NOT_YOUR_MESSAGE, NOT_YOURSELF, Banned, Unauthenticated
from chat.models import Message, Token, User, later_than, timestamp
from chat.realtime import presence
from chat.realtime.push import end_sockets, push_model

EXPANSION_EXPIRES = 45  # seconds that a task may wait; then `find_unexpanded_messages` queues one
# Messages of one author that a worker expands at once, so that slow links do not take all threads.
expansions = Slots(2)

logger = logging.getLogger(__name__)


# --- Users ----------------------------------------------------------------------------------------


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
    """Return the users because of whom a nickname is taken.

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
    _require_write_access(editor)
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
            if nickname is not None:
                row.nickname = nickname
            if password is not None:
                row.password = changed.password
                end_sign_ins(users=User.objects.filter(pk=row.pk))
            row.updated_at = later_than(row.updated_at)
            row.save(update_fields=["nickname", "password", "updated_at"])
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
            validate_password(password, user)
        except ValidationError as error:
            errors["password"] = error.error_list
    if errors:
        raise ValidationError(errors)


def _require_write_access(user: User) -> None:
    if user.is_banned:
        raise Banned


# --- Tokens ---------------------------------------------------------------------------------------


@transaction.atomic
def issue_token(*, user: User) -> str:
    """Return a new token of 64 hex digits; only its digest is stored.

    Raises Unauthenticated if the user's sign-ins were ended after the password was checked: the
    lock makes this action wait for a password change, ban or deletion that is under way.
    """
    row = User.objects.select_for_update().filter(
        pk=user.pk, is_active=True, password=user.password, sign_in_epoch=user.sign_in_epoch
    )
    if not row.values_list("pk"):
        raise Unauthenticated
    token = secrets.token_hex(32)
    Token.objects.create(digest=Token.digest_of(token), user=user)
    presence.seen(user)
    return token


@transaction.atomic
def end_tokens(*, tokens: QuerySet[Token]) -> int:
    """End tokens and close their sockets on every node; return the number of tokens."""
    digests = list(tokens.values_list("digest", flat=True))
    tokens.delete()
    if digests:
        end_sockets(digests)
    return len(digests)


@transaction.atomic
def end_sign_ins(*, users: QuerySet[User]) -> int:
    """End all tokens, sockets and sessions of users; return the number of tokens.

    A sign-in that is under way fails. The update locks the rows before the tokens are read, so no
    token is issued in between.
    """
    users.update(sign_in_epoch=F("sign_in_epoch") + 1)
    return end_tokens(tokens=Token.objects.filter(user__in=users))


# --- Messages -------------------------------------------------------------------------------------


def admit_post(*, author: User, address: str | None = None) -> None:
    """Refuse a post, edit or deletion by a ban or a limit; a deferred one when it is queued.

    `address` is the client's, for the limit of all users behind it; None if it is not known.
    """
    _require_write_access(author)
    throttling.POST.spend(author.pk)
    if address is not None:
        throttling.POST_FROM.spend_from(address)


def post_message(
    *, author: User, source: str, key: str | None = None, address: str | None = None
) -> Message:
    """Save and push a message, or return the one that this author posted with the same key."""
    admit_post(author=author, address=address)
    return prepare_post(author=author, source=source, key=key)()


def prepare_post(*, author: User, source: str, key: str | None = None) -> Callable[[], Message]:
    """Do the slow work of `post_message`, and return the function that saves and pushes.

    The caller may call that in a transaction of its own. It has to call `admit_post` first.
    """
    _require_write_access(author)
    message = Message(user=author, source=source, key=key or None)
    _render(message)
    return partial(_save_post, message)


def _save_post(message: Message) -> Message:
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            _announce(message)
    except IntegrityError:
        if message.key is None:
            raise
        return Message.objects.get(user_id=message.user_id, key=message.key)
    return message


def edit_message(
    *, editor: User, message: Message, source: str | None = None, address: str | None = None
) -> None:
    """Change the given fields of the editor's own message and push it."""
    admit_post(author=editor, address=address)
    prepare_edit(editor=editor, message=message, source=source)()


def prepare_edit(
    *, editor: User, message: Message, source: str | None = None
) -> Callable[[], None]:
    """Do the slow work of `edit_message`; see `prepare_post`."""
    _require_write_access(editor)
    if message.user_id != editor.pk:
        raise PermissionDenied(NOT_YOUR_MESSAGE)
    if source is None:
        return lambda: None
    edited = Message(pk=message.pk, user=editor, source=source)
    _render(edited)
    return partial(_save_edit, edited)


def _save_edit(edited: Message) -> None:
    with transaction.atomic():
        row = Message.objects.select_for_update().get(pk=edited.pk)
        if row.source != edited.source:
            row.edited_at = timestamp()
        row.source, row.html, row.expanding = edited.source, edited.html, edited.expanding
        row.updated_at = later_than(row.updated_at)
        row.save(update_fields=["source", "html", "words", "updated_at", "edited_at", "expanding"])
        _announce(row)


def _render(message: Message) -> None:
    """Validate the source and set the html; slow, so it runs before the transaction opens."""
    message.clean_fields(exclude=["user", "html"])
    message.html = render(message.source)
    urls = links(message.html)
    try:
        if urls:
            throttling.LINKS.spend(message.user_id, len(urls))
        message.expanding = bool(urls)
    except throttling.LimitReached:
        message.expanding = False


def _announce(message: Message) -> None:
    """Push a message and queue the expansion of its links, both on commit."""
    push_model(message)
    if message.expanding:
        transaction.on_commit(lambda: ask_for_expansion(message.pk))


def ask_for_expansion(message_id: int) -> bool:
    """Queue the expansion of a message's links in a Celery worker; return True if it is queued.

    An unavailable broker is no error: `find_unexpanded_messages` queues the message again.
    """
    try:
        current_app.send_task(
            "chat.tasks.expand_links", [message_id], ignore_result=True, expires=EXPANSION_EXPIRES
        )
    except BrokerError as error:
        logger.warning("expansion not queued message=%d error=%s", message_id, error)
        return False
    return True


def expand_links(*, message_id: int) -> bool:
    """Append the previews of a message's links and push it; return True if there were any.

    Safe to repeat: a message that is expanded already, or edited in the meantime, is not changed.
    Raises Full if this worker expands enough messages of the author already.
    """
    message = Message.objects.filter(pk=message_id, expanding=True).first()
    if message is None:
        return False
    with expansions.hold(message.user_id):
        found = previews(links(message.html), _admit_fetch)
    unchanged = Message.objects.filter(pk=message_id, expanding=True, source=message.source)
    with transaction.atomic():
        message = unchanged.select_for_update().first()
        if message is None:
            return False
        message.expanding = False
        if found:
            message.html = "".join([message.html, *found])
            message.updated_at = later_than(message.updated_at)
            push_model(message)
        message.save(update_fields=["html", "updated_at", "expanding"])
    return bool(found)


def _admit_fetch(host: str) -> None:
    """Refuse a fetch by the limit of its host, wherever the links to it were posted."""
    try:
        throttling.FETCH.spend(host)
    except throttling.LimitReached as error:
        raise Refused(f"too many fetches from {host}") from error
