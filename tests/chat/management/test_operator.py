"""Tests of the commands by which operators look after people and messages."""

import io
import json
import socket
import ssl
import sys
from contextlib import suppress
from threading import Thread, current_thread

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from chat.management import demo, diagnostics
from chat.models import Message, Token, User
from tests.certificates import certify
from tests.kit import NO_REDIS, PASSWORD, Page, serve_page

pytestmark = pytest.mark.django_db

DESTROYING = [
    ["resetpassword", "Alice"],
    ["revoketokens", "Alice"],
    ["revoketokens", "--all"],
    ["purgeuser", "Alice"],
    ["prunemessages", "1"],
]


@pytest.fixture
def say(monkeypatch, capsys):
    """Return a function that runs a command, gives it an answer, and returns what it printed."""

    def say(answer, *arguments):
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        call_command(*arguments)
        return capsys.readouterr()

    return say


@pytest.fixture
def talk(alice):
    """Two messages of Alice, one of them from long ago."""
    alice.messages.create(source="old", created_at=1)
    alice.messages.create(source="new")


def state():
    """Return everything that a command could destroy."""
    passwords = sorted(User.objects.values_list("nickname", "password"))
    return passwords, Token.objects.count(), Message.objects.count()


@pytest.mark.parametrize("arguments", DESTROYING, ids=" ".join)
@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yesterday\n"])
def test_nothing_is_destroyed_without_a_yes(alice, bob, talk, say, capsys, arguments, answer):
    before = state()
    with pytest.raises(CommandError, match="Nothing was done"):
        say(answer, *arguments)
    assert capsys.readouterr().err.endswith("? [y/N] ")
    assert state() == before


@pytest.mark.parametrize("arguments", DESTROYING, ids=" ".join)
@pytest.mark.parametrize("yes", ["answer", "option"])
def test_a_yes_is_given_by_hand_or_by_an_option(alice, bob, talk, say, arguments, yes):
    before = state()
    said = say(*("y\n", *arguments) if yes == "answer" else ("", *arguments, "--yes"))
    assert said.out.count("\n") == 1
    assert state() != before


@pytest.mark.parametrize("arguments", DESTROYING, ids=" ".join)
def test_programs_read_one_json_object(alice, bob, talk, say, arguments):
    assert isinstance(json.loads(say("y\n", *arguments, "--json").out), dict)


@pytest.mark.parametrize("name", ["resetpassword", "revoketokens", "purgeuser"])
def test_an_unknown_nickname_gets_one_sentence(name, say):
    with pytest.raises(CommandError, match=r"There is no user 'nobody'."):
        say("", name, "nobody")


def test_resetpassword_gives_a_password_that_works_and_ends_the_sign_ins(alice, bob, say):
    told = json.loads(say("", "resetpassword", "Alice", "--yes", "--json").out)
    assert authenticate(nickname="Alice", password=told["password"]) == alice
    assert authenticate(nickname="Alice", password=PASSWORD) is None
    assert [token.user for token in Token.objects.all()] == [bob]


def test_resetpassword_takes_a_nickname_that_is_older_than_the_rules(make_user, say):
    user = make_user("su\u200bsan")
    told = json.loads(say("", "resetpassword", user.nickname, "--yes", "--json").out)
    assert authenticate(nickname=user.nickname, password=told["password"]) == user


def test_revoketokens_ends_the_sign_ins_of_one(alice, bob, say):
    assert "End 1 sign-in of Alice?" in say("y\n", "revoketokens", "Alice").err
    assert [token.user for token in Token.objects.all()] == [bob]


def test_revoketokens_ends_all_sign_ins(alice, bob, say):
    assert say("", "revoketokens", "--all", "--yes").out == "Ended 2 sign-ins of all users.\n"
    assert not Token.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["Alice", "--all"]])
def test_revoketokens_wants_one_or_all(alice, say, arguments):
    with pytest.raises(CommandError, match=r"Give one nickname, or --all."):
        say("", "revoketokens", *arguments)


def test_purgeuser_deletes_a_user_with_all_messages(alice, bob, talk, say, pushes, committed):
    with committed():
        said = say("y\n", "purgeuser", "Alice")
    assert f"Delete Alice (user {alice.pk}) with 2 messages for ever?" in said.err
    assert User.objects.get() == bob
    assert not Message.objects.exists()
    assert pushes[-1]["class"] == "User"


def test_prunemessages_keeps_those_of_the_last_days(talk, say):
    said = say("y\n", "prunemessages", "1")
    assert "Delete 1 message older than 1 day, and keep 1?" in said.err
    assert Message.objects.get().source == "new"


@pytest.mark.parametrize("days", ["0", "-1"])
def test_prunemessages_wants_a_day_at_least(say, days):
    with pytest.raises(CommandError, match=r"DAYS must be 1 or more."):
        say("", "prunemessages", "--yes", "--", days)


def test_seeddemo_fills_a_new_room_with_days_of_talk(say, clock):
    say("", "seeddemo", "--people", "14", "--messages", "700", "--days", "2")
    messages = list(Message.objects.order_by("pk"))
    assert len(messages) == 700
    assert len({message.user_id for message in messages}) == 14
    times = [message.created_at for message in messages]
    assert times == sorted(times) and 0 <= clock() - 2 * 24 * 60 * 60 - times[0] < 5
    html = "".join(message.html for message in messages)
    assert all(tag in html for tag in ("<a ", "<pre>", "<ul>", "<ol>", "<blockquote>", "<em>"))


def test_seeddemo_refuses_a_database_with_messages(talk, say):
    with pytest.raises(CommandError, match="The room has messages already"):
        say("", "seeddemo")
    assert Message.objects.count() == 2


def test_demo_people_have_no_password_and_are_made_once(pushes, committed):
    with committed():
        first, second = demo.get_users(3), demo.get_users(5)
    assert first == second[:3] and len(pushes) == User.objects.count() == 5
    assert not any(user.has_usable_password() for user in second)


@pytest.mark.parametrize("arguments", [["0"], ["1", "--pause", "0"]])
def test_loadchat_refuses_less_than_one_user(say, arguments):
    with pytest.raises(CommandError, match="more than 0"):
        say("", "loadchat", *arguments)


def test_loadchat_reports_a_server_that_does_not_answer_and_leaves_no_token(say):
    with pytest.raises(CommandError, match=r"http://127.0.0.1:1 cannot be reached"):
        say("", "loadchat", "2", "--url", "http://127.0.0.1:1")
    assert not Token.objects.exists()


@pytest.mark.parametrize("url", ["x", "ftp://x", "http://", "http://x:y", "http://x:0"])
@pytest.mark.parametrize("command", [["loadchat", "1"], ["doctor"]], ids=" ".join)
def test_a_url_that_is_none_is_refused_in_one_sentence(say, command, url):
    with pytest.raises(CommandError, match=r"is not an address such as http://127.0.0.1:8000"):
        say("", *command, "--url", url)


@pytest.mark.parametrize("patience", ["-1", "0", "nan", "inf", "86401", "soon"])
def test_a_patience_that_is_none_is_refused_in_one_sentence(say, patience):
    with pytest.raises(CommandError, match=r"is not a number of seconds above 0"):
        say("", "doctor", "--patience", patience)


def test_doctor_asks_for_the_environment_of_the_nodes(say):
    with pytest.raises(CommandError, match=r"REDIS_URL is not set here.*`deploy/manage`"):
        say("", "doctor")


def test_doctor_reports_an_unavailable_redis(say, settings, no_cache):
    settings.REDIS_URL = NO_REDIS
    with pytest.raises(CommandError, match=r"Redis does not answer .*: start it, or correct"):
        say("", "doctor")


@pytest.mark.usefixtures("cache_without_writes")
def test_doctor_reports_a_redis_that_cannot_be_written(say):
    with pytest.raises(CommandError, match=r"Redis cannot be written .*: give it more memory, or"):
        say("", "doctor")


@pytest.fixture
def tls(tmp_path):
    """The context of a server at localhost, whose certificate is in tmp_path."""
    return certify(tmp_path, "localhost")


def test_doctor_reports_a_certificate_that_is_not_trusted(say, settings, tls):
    settings.REDIS_URL = NO_REDIS  # the cache of the tests works
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with suppress(OSError), tls.wrap_socket(listener.accept()[0], server_side=True):
                pass

        server = Thread(target=refuse)
        server.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        with pytest.raises(CommandError, match=r"has no valid certificate .*: renew it by"):
            say("", "doctor", "--url", url)
        server.join()


def test_doctor_uses_a_tls_connection_in_one_thread_only(say, settings, monkeypatch, tmp_path, tls):
    """What one thread writes can be lost while another reads, as `websockets.sync` does."""
    settings.REDIS_URL = NO_REDIS  # the cache of the tests works
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))
    readers, read = set(), ssl.SSLSocket.read

    def noted(self, *arguments):
        if not self.server_side:
            readers.add(current_thread())
        return read(self, *arguments)

    def answer(connection, request):
        if request.path == "/readyz":
            return connection.respond(200, '{"ready": true, "database": "ok", "redis": "ok"}')
        return None

    def hold(connection):
        with suppress(ConnectionClosed):
            connection.recv()

    def queue_probe(queue):
        raise diagnostics.Problem(f"far enough, to {queue}")

    monkeypatch.setattr(ssl.SSLSocket, "read", noted)
    monkeypatch.setattr(diagnostics, "queue_probe", queue_probe)
    with serve(hold, "127.0.0.1", 0, ssl=tls, process_request=answer) as server:
        Thread(target=server.serve_forever).start()
        with pytest.raises(CommandError, match="far enough, to celery"):
            say("", "doctor", "--url", f"https://localhost:{server.socket.getsockname()[1]}")
    assert readers == {current_thread()}


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (
            301,
            "<p>moved",
            r"redirects to https://chat.example.org/readyz: give the address of that",
        ),
        (429, "<p>too many", r"nginx limits the requests from here: try again in a minute"),
        (502, "<p>bad gateway", r"nginx reaches no node: start the nodes"),
        (
            400,
            "<p>bad request",
            r"The nodes reject requests for 127.0.0.1: add it to ALLOWED_HOSTS",
        ),
        (404, '{"detail": "Not Found"}', r"is not Flack .*: find out what uses its port"),
        (200, "[]", r"is not Flack .*: find out what uses its port"),
        (200, '"ok"', r"is not Flack .*: find out what uses its port"),
        (200, "<p>welcome", r"is not Flack .*: find out what uses its port"),
        (
            503,
            '{"ready": false, "database": "unavailable"}',
            r"cannot reach the database that this",
        ),
    ],
)
def test_doctor_says_what_answers_at_the_address(say, settings, status, body, why):
    settings.REDIS_URL = NO_REDIS  # the cache of the tests works

    class Answer(Page):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(status)
            self.send_header("Location", "https://chat.example.org/readyz")
            self.end_headers()
            self.wfile.write(body.encode())

    with serve_page(Answer) as url, pytest.raises(CommandError, match=why):
        say("", "doctor", "--url", url)


# --- renameuser -----------------------------------------------------------------------------------


def test_renameuser_renames_a_user_and_pushes_it(alice, say, pushes, committed):
    with committed():
        printed = say("", "renameuser", "--user", "Alice", "Alicia")
    assert printed.out == "Renamed Alice to Alicia.\n"
    assert [push["model"]["nickname"] for push in pushes] == ["Alicia"]
    printed = say("", "renameuser", "--id", str(alice.pk), "Alice", "--json")
    assert json.loads(printed.out) == {"id": alice.pk, "nickname": "Alice"}


@pytest.mark.parametrize(
    ("user", "new", "why"),
    [
        (["--user", "alice"], "Carol", "There is no user 'alice'. Did you mean 'Alice'?"),
        (["--id", "999"], "Carol", "There is no user with the id 999."),
        (["--user", "Alice"], "BOB", "This nickname is taken."),
        (["--user", "Alice"], "a:b", "A nickname cannot have a colon."),
    ],
)
def test_renameuser_reports_what_is_wrong(alice, bob, say, user, new, why):
    with pytest.raises(CommandError) as error:
        say("", "renameuser", *user, new)
    assert str(error.value) == why


@pytest.mark.parametrize("arguments", [["purgeuser", "alice"], ["resetpassword", "ALICE"]])
def test_commands_do_not_take_a_look_alike_for_the_user(alice, say, arguments):
    before = state()
    with pytest.raises(CommandError, match=r"Did you mean 'Alice'\?"):
        say("", *arguments, "--yes")
    assert state() == before


def test_demo_users_do_not_post_under_the_name_of_a_person(make_user):
    person = make_user("ada")
    users = demo.get_users(300)
    assert len({user.pk for user in users}) == 300
    assert person not in users and users[0].nickname == "Grace"
    assert demo.get_users(300) == users


def test_seeddemo_fills_the_room_after_the_first_registration(alice, say):
    printed = say("", "seeddemo", "--people", "2", "--messages", "3").out
    assert printed.startswith("There are 3 messages of 2 users over 3 days now.")
    assert not alice.messages.exists()
