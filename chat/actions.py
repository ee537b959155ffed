"""What can be done in Flack. REST, socket, Celery and manage.py are doors to these.

Each action checks what it is given, is one transaction, and pushes what others can see, on commit.
"""

import logging
import secrets

from celery import current_app
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError as BrokerError

from chat.content.markup import links, render
from chat.content.previews import preview
from chat.models import Message, Token, User, later_than
from chat.realtime import presence
from chat.realtime.push import end_sockets, push_model

logger = logging.getLogger(__name__)


@transaction.atomic
def register(*, nickname: str, password: str) -> User:
    """Create a user; ValidationError for a nickname or password that is taken or not good."""
    user = User(nickname=nickname)
    _set(user, nickname=nickname, password=password)
    push_model(user)
    return user


@transaction.atomic
def update_user(*, user: User, nickname: str | None = None, password: str | None = None) -> None:
    """Change what is given; a new password ends all tokens. ValidationError as for `register`."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.updated_at = later_than(user.updated_at)
    renamed = nickname is not None and nickname != user.nickname
    _set(user, nickname=nickname, password=password)
    if password is not None:
        end_tokens(tokens=user.tokens.all())
    if renamed:
        push_model(user)


def _set(user: User, *, nickname: str | None, password: str | None) -> None:
    """Check and save; the unique index decides who has a nickname."""
    errors: dict[str, list[str]] = {}
    if nickname is not None:
        user.nickname = nickname
    try:
        user.clean_fields(exclude=["password"])
        user.validate_unique(exclude=["id"])
    except ValidationError as error:
        errors.update(error.message_dict)
    if password is not None:
        try:
            if not password:
                raise ValidationError("This field may not be blank.")
            validate_password(password, user)
        except ValidationError as error:
            errors["password"] = error.messages
    if errors:
        raise ValidationError(errors)
    if password is not None:
        user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise ValidationError({"nickname": ["This nickname is taken."]}) from error


@transaction.atomic
def issue_token(*, user: User) -> str:
    """Return a new token of 64 hex digits; what is kept is its digest."""
    token = secrets.token_hex(32)
    Token.objects.create(digest=Token.digest_of(token), user=user)
    presence.seen(user)
    return token


@transaction.atomic
def end_tokens(*, tokens: QuerySet[Token]) -> int:
    """End these tokens, and close their open sockets on every node; return how many there were."""
    digests = list(tokens.values_list("digest", flat=True))
    tokens.delete()
    if digests:
        end_sockets(digests)
    return len(digests)


@transaction.atomic
def post_message(*, author: User, source: str, key: str | None = None) -> Message:
    """Save and push a message, or return the one that this author posted with the same key."""
    message = Message(user=author, source=source, key=key or None)
    _render(message)
    if message.key is None:
        message.save(force_insert=True)
    else:
        try:
            with transaction.atomic():
                message.save(force_insert=True)
        except IntegrityError:
            return Message.objects.get(user=author, key=key)
    _announce(message)
    return message


@transaction.atomic
def edit_message(*, editor: User, message: Message, source: str | None = None) -> None:
    """Change what is given and push it; PermissionDenied unless the editor wrote the message."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.user_id != editor.pk:
        raise PermissionDenied("You may only edit your own messages.")
    if source is None:
        return
    message.source = source
    message.updated_at = later_than(message.updated_at)
    _render(message)
    message.save(update_fields=["source", "html", "updated_at", "expanding"])
    _announce(message)


def _render(message: Message) -> None:
    """Check the source and make the html."""
    message.clean_fields(exclude=["user", "html"])
    message.html = render(message.source)
    message.expanding = bool(links(message.html))


def _announce(message: Message) -> None:
    """After commit push a message, and ask for the expansion of its links."""
    push_model(message)
    if message.expanding:
        transaction.on_commit(lambda: ask_for_expansion(message.pk))


def ask_for_expansion(message_id: int) -> None:
    """Let a worker expand the links of a message.

    A broker that is away fails nothing: `find_unexpanded_messages` will ask again.
    """
    try:
        current_app.send_task("chat.tasks.expand_links", [message_id], ignore_result=True)
    except BrokerError as error:
        logger.warning("The links of message %d are not expanded yet: %s", message_id, error)


def expand_links(*, message_id: int) -> bool:
    """Append the previews of a message's links and push it; return whether there were any.

    Can be repeated: done before, or edited meanwhile, it changes nothing.
    """
    message = Message.objects.filter(pk=message_id, expanding=True).first()
    if message is None:
        return False
    found = [html for url in links(message.html) if (html := preview(url))]
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
