"""Post and edit messages."""

from collections.abc import Callable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction

from chat import throttling
from chat.actions.links import ask_for_expansion
from chat.actions.permissions import require_write_access
from chat.content.markup import links, render
from chat.errors import NOT_YOUR_MESSAGE, KeyReused
from chat.models import Message, User, later_than, timestamp
from chat.realtime.push import push_model

# What a client does not give needs no validation.
NOT_GIVEN = {field.name for field in Message._meta.fields} - {"source", "key"}


def admit_post(*, author: User, address: str | None = None) -> None:
    """Raise Banned or LimitReached if this user may not post, edit or delete now.

    For a deferred request, this is called when it is queued.
    `address` is the client's, for the limit of all users behind it; None if there is none.
    """
    require_write_access(author)
    throttling.POST.spend(author.pk)
    if address is not None:
        throttling.POST_FROM.spend_from(address)


def post_message(
    *, author: User, source: str, key: str | None = None, address: str | None = None
) -> Message:
    """Save and push a message, or return the one that this author posted with the same key.

    Raises what `find_posted` raises, and DoesNotExist if that message was deleted.
    """
    if message := find_posted(author=author, source=source, key=key):
        return message
    admit_post(author=author, address=address)
    return prepare_post(author=author, source=source, key=key)()


def find_posted(*, author: User, source: str, key: str | None) -> Message | None:
    """Return the message that this author posted with a key, or None; a repeat spends no limit.

    Raises ValidationError for a source that is not allowed, as for any post, and KeyReused if the
    message has another source.
    """
    require_write_access(author)
    if posted := Message.objects.posted(author.pk, key):
        Message(source=source).clean_fields(exclude=NOT_GIVEN)
        _require_same_source(posted, source)
    return posted


def _require_same_source(posted: Message, source: str) -> None:
    # What was posted is not kept beside an edit, so a repeat after one may have any source.
    if posted.edited_at is None and posted.source != source:
        raise KeyReused


def prepare_post(*, author: User, source: str, key: str | None = None) -> Callable[[], Message]:
    """Do the slow work of `post_message`, and return the function that saves and pushes.

    The caller may call that in a transaction of its own. It has to call `find_posted` and
    `admit_post` first.
    """
    require_write_access(author)
    message = Message(user=author, source=source, key=key or None)
    _render(message)
    return partial(_save_post, message)


def _save_post(message: Message) -> Message:
    # Rendering may have taken long, and a repair reads only what changed in the last seconds.
    message.created_at = message.updated_at = timestamp()
    if message.insert():
        _announce(message)
        return message
    posted = Message.objects.get(user_id=message.user_id, key=message.key)
    _require_same_source(posted, message.source)
    return posted


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
    require_write_access(editor)
    if message.user_id != editor.pk:
        raise PermissionDenied(NOT_YOUR_MESSAGE)
    if source is None:
        return lambda: None
    edited = Message(pk=message.pk, user=editor, source=source)
    _render(edited, before=message)
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


def _render(message: Message, before: Message | None = None) -> None:
    """Validate the source and set the html; slow, so it runs before the transaction opens.

    An edit of `before` that changes no link keeps the previews: nothing is fetched, and it does not
    count against the limit of links.
    """
    message.clean_fields(exclude=NOT_GIVEN)
    message.html = render(message.source)
    urls = links(message.html)
    if urls and before is not None and (kept := _previews_of(before, urls)):
        message.html += kept
        return
    try:
        # A post that was queued, or under way, when it was repeated is found only now.
        if urls and not Message.objects.posted(message.user_id, message.key):
            throttling.LINKS.spend(message.user_id, len(urls))
        message.expanding = bool(urls)
    except throttling.LimitReached:
        message.expanding = False


def _previews_of(message: Message, urls: list[str]) -> str:
    """Return the previews of a message, empty if it has none yet or links to other URLs."""
    html = "" if message.expanding else render(message.source)
    if not html or links(html) != urls or not message.html.startswith(html):
        return ""
    return message.html[len(html) :]


def _announce(message: Message) -> None:
    """Push a message and queue the expansion of its links, both on commit."""
    push_model(message)
    if message.expanding:
        transaction.on_commit(lambda: ask_for_expansion(message.pk))
