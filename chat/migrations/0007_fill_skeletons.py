from typing import Any

from django.core.management import CommandError
from django.db import IntegrityError, migrations

from chat.accounts.skeletons import shown_skeleton, skeleton

BATCH = 500  # users in one transaction
LISTED = 10  # clashes in one error


def fill(apps: Any, schema_editor: Any) -> None:
    """Store the skeletons of all nicknames, unless two users have one in common."""
    users = apps.get_model("chat", "User").objects.using(schema_editor.connection.alias)
    refuse_clashes(users)
    while batch := list(users.filter(skeleton=None).only("nickname").order_by("pk")[:BATCH]):
        for user in batch:
            user.skeleton = skeleton(user.nickname)
            user.shown_skeleton = shown_skeleton(user.nickname)
        try:
            users.bulk_update(batch, ["skeleton", "shown_skeleton"])
        except IntegrityError:  # a user who registered meanwhile
            refuse_clashes(users)
            raise


def refuse_clashes(users: Any) -> None:
    """Raise CommandError if there are users whose nicknames look the same."""
    owners: dict[tuple[str, str], tuple[int, str]] = {}
    clashes = []
    for pk, nickname in users.order_by("pk").values_list("pk", "nickname").iterator():
        for key in (("", skeleton(nickname)), ("shown", shown_skeleton(nickname))):
            other, name = owners.setdefault(key, (pk, nickname))
            if other != pk:
                clashes.append(f"{name!a} (user {other}) and {nickname!a} (user {pk})")
    clashes = list(dict.fromkeys(clashes))
    if clashes:
        listed = "; ".join(clashes[:LISTED])
        more = f"; and {len(clashes) - LISTED} more" if len(clashes) > LISTED else ""
        raise CommandError(
            f"Nothing was changed, because these nicknames look the same: {listed}{more}. Rename one "
            "of each pair by `manage.py renameuser --id ID NEW`, then run `manage.py migrate` again."
        )


class Migration(migrations.Migration):
    atomic = False  # each batch has a transaction of its own, so that chat goes on

    dependencies = [("chat", "0006_skeletons_of_nicknames")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
