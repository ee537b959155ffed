"""Tests of chat/management/commands/."""

import getpass
import io
import re
import sys
from unittest.mock import Mock

import pytest
from django.contrib.auth import authenticate
from django.core.management import (
    CommandError,
    call_command,
    get_commands,
    load_command_class,
)
from django.db import OperationalError, connection

from chat.models import Token, User
from flack_project.command_line import main
from tests.kit import PASSWORD

COMMANDS = """
backup celery changepassword createdb createuser doctor loadchat prunemessages purgeuser
renameuser resetpassword restore revoketokens runserver seeddemo
""".split()
NEEDED = {
    "backup": ["x"],
    "createuser": ["susan"],
    "loadchat": ["1"],
    "prunemessages": ["1"],
    "purgeuser": ["susan"],
    "renameuser": ["--user", "susan", "bob"],
    "resetpassword": ["susan"],
    "restore": ["x"],
}


@pytest.fixture(autouse=True)
def keep_logging(settings):
    """Keep `main` from logging to the streams of its test, which are closed in later tests."""
    settings.LOGGING_CONFIG = None


@pytest.fixture
def pipe(monkeypatch):
    """Return a function that lays a text into the standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.fixture
def typed(monkeypatch):
    """Return a function that types passwords at a terminal."""

    def typed(*passwords):
        left = iter(passwords)
        monkeypatch.setattr(getpass, "getpass", lambda *args, **kwargs: next(left))
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    return typed


# --- every command --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_describes_it(name):
    command = load_command_class(get_commands()[name], name)
    assert command.help.endswith(".")
    assert name in command.create_parser("manage.py", name).format_help()


def run(*arguments):
    """Run manage.py with arguments and return its exit code."""
    try:
        main(["manage.py", *arguments])
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_well(name, capsys):
    assert run(name, "--help") == 0
    assert "--help" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_argument_ends_badly_and_is_named(name, capsys):
    needed = NEEDED.get(name, [])
    assert run(name, *needed, "--nonsense") == 2
    assert "--nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"runserver"}))
def test_all_commands_share_one_style_of_help(name, capsys):
    run(name, "--help")
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: manage.py {name} [-h]")
    assert "--settings" not in printed
    lines = re.findall(r"^  (\S.*?)(?:  |\n {10,})(.+)$", printed, re.MULTILINE)
    assert lines
    for option, text in lines:
        if option == "--skip-checks":  # Django's, and not among those that can be suppressed
            continue
        assert re.match(r"-|[A-Z]+$", option)
        assert text.strip()[0].islower() or text.strip()[0].isdigit()


def test_help_lists_the_commands_of_flack_first(capsys):
    run("help")
    groups = re.findall(r"^\[(\w+)\]\n((?:    .+\n)+)", capsys.readouterr().out, re.MULTILINE)
    assert groups[0][0] == "Flack"
    assert re.findall(r"^ {4}(\w+) +\S", groups[0][1], re.MULTILINE) == COMMANDS
    assert "migrate" in dict(groups)["django"].split()
    assert "chat" not in dict(groups)


@pytest.mark.django_db
@pytest.mark.parametrize("command", [["createuser", "susan"], ["purgeuser", "susan"], ["doctor"]])
def test_a_database_that_is_unavailable_ends_a_command_with_one_sentence(command, capsys):
    def fail(*args):
        raise OperationalError("no answer\nat 10.0.0.5.")

    with connection.execute_wrapper(fail):
        ended = run(*command)
    if command == ["doctor"]:
        assert ended == 1
        assert capsys.readouterr().err.count("\n") == 1
    else:
        assert ended == "The database failed (no answer at 10.0.0.5)."


def test_a_traceback_can_be_had(monkeypatch):
    monkeypatch.setattr(User, "full_clean", Mock(side_effect=OperationalError))
    with pytest.raises(OperationalError):
        run("createuser", "susan", "--traceback")


def test_the_commands_of_django_keep_their_meaning():
    assert get_commands()["test"] == "django.core"


# --- createuser -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_createuser_reads_the_password_from_a_pipe(pipe, capsys):
    pipe(f"{PASSWORD}\n")
    call_command("createuser", "susan")
    user = User.objects.get(nickname="susan")
    assert authenticate(nickname="susan", password=PASSWORD) == user
    assert capsys.readouterr().out == f"Registered susan as user {user.pk}.\n"


@pytest.mark.django_db
def test_createuser_asks_twice_at_a_terminal(typed):
    typed(PASSWORD, PASSWORD)
    call_command("createuser", "susan")
    assert authenticate(nickname="susan", password=PASSWORD)


@pytest.mark.django_db
def test_createuser_asks_for_no_password_when_the_nickname_is_taken(alice, typed):
    typed()
    with pytest.raises(CommandError, match="taken"):
        call_command("createuser", "Alice")


@pytest.mark.parametrize("end", [KeyboardInterrupt, EOFError])
def test_ctrl_c_or_d_ends_a_command_with_one_sentence(monkeypatch, capsys, end):
    monkeypatch.setattr(User, "full_clean", Mock(side_effect=end))
    assert run("createuser", "susan") == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"


@pytest.mark.django_db
def test_createuser_refuses_two_different_passwords(typed):
    typed(PASSWORD, "another-good-one")
    with pytest.raises(CommandError, match="differ"):
        call_command("createuser", "susan")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("nickname", "password", "why"),
    [
        ("Alice", PASSWORD, "taken"),
        ("susan", "", "blank"),
        ("susan", "short", "too short"),
        ("su:san", PASSWORD, "colon"),
        ("s" * 33, PASSWORD, "32"),
    ],
)
def test_createuser_names_the_invalid_argument(alice, pipe, nickname, password, why):
    pipe(password + "\n")
    with pytest.raises(CommandError, match=why):
        call_command("createuser", nickname)


# --- changepassword, createsuperuser ----------------------------------------------------------


@pytest.mark.django_db
def test_changepassword_ends_the_users_tokens(alice, bob, typed):
    typed("another-good-one", "another-good-one")
    call_command("changepassword", "Alice")
    assert authenticate(nickname="Alice", password="another-good-one") == alice
    assert [token.user for token in Token.objects.all()] == [bob]


@pytest.mark.django_db
def test_changepassword_of_oneself_ends_the_tokens(alice, typed, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "Alice")
    typed("another-good-one", "another-good-one")
    call_command("changepassword")
    assert not Token.objects.exists()


@pytest.mark.django_db
def test_changepassword_reads_the_password_from_a_pipe(alice, pipe):
    pipe("another-good-one\n")
    call_command("changepassword", "Alice")
    assert authenticate(nickname="Alice", password="another-good-one") == alice


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("passwords", "why"),
    [(("short", "short"), "too short"), (("another-good-one", "another-bad-one"), "differ")],
)
def test_a_refused_changepassword_ends_no_token(alice, typed, passwords, why):
    typed(*passwords)
    with pytest.raises(CommandError, match=why):
        call_command("changepassword", "Alice")
    assert Token.objects.exists()


@pytest.mark.django_db
def test_changepassword_of_an_unknown_user_gets_one_sentence(typed):
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        call_command("changepassword", "nobody")


@pytest.mark.django_db
def test_createsuperuser_works_with_a_nickname(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--nickname", "root")
    user = User.objects.get(nickname="root", is_superuser=True)
    assert authenticate(nickname="root", password=PASSWORD) == user


# --- createdb -------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_createdb_keeps_what_is_there(alice):
    call_command("createdb", verbosity=0)
    assert User.objects.get() == alice


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yesterday\n"])
def test_createdb_drops_nothing_without_a_yes(alice, pipe, capsys, answer):
    pipe(answer)
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("createdb", "--drop-first")
    assert str(connection.settings_dict["NAME"]) in capsys.readouterr().err
    assert User.objects.get() == alice


@pytest.mark.django_db(transaction=True)
def test_createdb_drops_first_after_a_yes(alice, pipe):
    pipe("y\n")
    call_command("createdb", "--drop-first", verbosity=0)
    assert not User.objects.exists()
