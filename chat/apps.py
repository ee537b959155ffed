"""The configuration of the chat app."""

import gc

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created


class ChatConfig(AppConfig):
    """The app with models, push, presence and page."""

    name = "chat"

    def ready(self) -> None:
        """Register the system checks, the receiver of sign-ins, and the wrapper of queries.

        Then start the garbage collector, if the settings stopped it, for new objects only.
        """
        from chat import checks  # noqa: F401
        from chat.accounts.backends import begin_session
        from chat.sqlite import wrap_queries

        # By this name Django would connect its own later; the first one stays.
        user_logged_in.connect(begin_session, dispatch_uid="update_last_login")
        connection_created.connect(wrap_queries, dispatch_uid="wrap_queries")
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
