"""What users can do. REST, socket, Celery and manage.py parse and delegate to these functions.

Each action checks permission, ban and limit, validates, does slow work (hashing, Markdown) and only
then opens one transaction, which pushes the changes that others can see when it commits.
"""

from chat.actions.links import ask_for_expansion, empty_long_queue, expand_links
from chat.actions.messages import (
    admit_post,
    edit_message,
    find_posted,
    post_message,
    prepare_edit,
    prepare_post,
)
from chat.actions.tokens import end_sign_ins, end_tokens, issue_token
from chat.actions.users import change_user, find_look_alikes, register, update_user

__all__ = [
    "admit_post",
    "ask_for_expansion",
    "change_user",
    "edit_message",
    "empty_long_queue",
    "end_sign_ins",
    "end_tokens",
    "expand_links",
    "find_look_alikes",
    "find_posted",
    "issue_token",
    "post_message",
    "prepare_edit",
    "prepare_post",
    "register",
    "update_user",
]
