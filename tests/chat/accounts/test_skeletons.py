"""Tests of chat/accounts/skeletons.py: which nicknames look the same, through each entry point."""

import unicodedata

import pytest
from confusable_homoglyphs.confusables import confusables_data
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from chat.accounts.skeletons import shown_skeleton, skeleton
from chat.models import User
from tests.kit import PASSWORD, basic

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Each ASCII letter with the single characters that the Unicode data lists as looking like it.
LOOK_ALIKES = {
    letter: [
        other["c"]
        for other in confusables_data[letter]
        # NFKC changes what some of them look like; a few are signs, not letters.
        if len(other["c"]) == 1 and unicodedata.normalize("NFKC", other["c"]) == other["c"]
    ]
    for letter in LETTERS
    if letter in confusables_data
}


def clash(one, other):
    """Return True if two users cannot have these nicknames."""
    return skeleton(one) == skeleton(other) or shown_skeleton(one) == shown_skeleton(other)


@pytest.mark.attack("Nicknames: look-alikes")
@pytest.mark.parametrize(
    "one, other",
    [
        ("susan", "SUSAN"),
        ("susan", "\u0455usan"),
        ("susan", "\uff53\uff55\uff53\uff41\uff4e"),
        ("susan", "\U0001d42c\U0001d42e\U0001d42c\U0001d41a\U0001d427"),
        ("han", "\u041dAN"),  # Cyrillic En looks like H in capitals only
        ("\u0397\u039b\u0399\u039f\u03a3", "\u03b7\u03bb\u03b9\u03bf\u03c2"),
        ("Ian", "lan"),
        ("paypal", "PaypaI"),
        ("bob", "B0B"),
        ("modern", "modem"),
        ("stra\u00dfe", "STRASSE"),
        ("Zo\u00eb", "ZOE\u0308"),
        ("i", "i\u0307"),
        ("susan", "susan\u0301"),
        ("susan", "su\u1e63an"),
        ("susan", "susan\u0332\u0489"),
        ("susan", "susan\u05bb"),
        ("Zo\u00eb", "Zoe"),
        ("S\u00f8ren", "Soren"),
        ("SUSAN", "\ua731\u1d1c\ua731\u1d00\u0274"),
        ("susan", "susa\u0274"),
        ("us", "\U0001f1fa\U0001f1f8"),
        ("susan", "\U0001f182\U0001f184\U0001f182\U0001f170\U0001f17d"),
        ("a b", "a\u00a0 b"),
        ("\u0627\u0644", "\u0627\u200d\u0644"),
        ("\u0905\u0965", "\u0905\u0964\u0964"),
    ],
    ids=ascii,
)
def test_nicknames_that_look_the_same_clash(one, other):
    assert clash(one, other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("han", "nan"),
        ("Han", "Nan"),
        ("ian", "lan"),
        ("\u0438\u0440\u0430", "\u0439\u0440\u0430"),  # Cyrillic: two letters
        ("\u304b\u304d", "\u304c\u304d"),  # Japanese: a voiced sound
        ("\u0915\u093f", "\u0915\u0940"),  # Devanagari: vowels
        ("yuri", "vuri"),
        ("uv", "vv"),
        ("anna", "ana"),
        ("\u5f20\u4f1f", "\u5f20\u73ae"),
        ("user1", "user2"),
        ("Max", "Маша"),
    ],
    ids=ascii,
)
def test_nicknames_that_look_different_do_not_clash(one, other):
    assert not clash(one, other)


def test_no_two_letters_of_ascii_clash_but_for_their_case():
    letters = LETTERS[:26]
    for make in (skeleton, shown_skeleton):
        assert len({make(letter) for letter in letters}) == len(letters)


@pytest.mark.attack("Nicknames: look-alikes")
@given(st.data(), st.text(st.sampled_from(sorted(LOOK_ALIKES)), min_size=1, max_size=32))
def test_a_nickname_with_letters_replaced_by_look_alikes_clashes(data, nickname):
    replaced = "".join(
        data.draw(st.sampled_from([letter, *LOOK_ALIKES[letter]])) for letter in nickname
    )
    assert shown_skeleton(nickname) == shown_skeleton(replaced)


@given(st.text(max_size=32))
def test_case_width_and_composition_change_no_skeleton(nickname):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert skeleton(unicodedata.normalize(form, nickname)) == skeleton(nickname)
    assert skeleton(nickname.casefold()) == skeleton(nickname)


@given(st.text(max_size=32))
def test_a_skeleton_fits_into_an_index(nickname):
    most = 2700  # bytes, of PostgreSQL
    assert (
        max(len(f(nickname).encode("utf-8", "replace")) for f in (skeleton, shown_skeleton)) < most
    )


@pytest.mark.django_db
@pytest.mark.parametrize("taken", ["susan", "SUSAN", "\u0455usan", "\uff53usan"], ids=ascii)
@pytest.mark.attack("Nicknames: look-alikes")
def test_a_look_alike_is_refused_as_taken(call, make_user, taken):
    make_user(taken)
    answer = call("POST", "/api/users", {"nickname": "susan", "password": PASSWORD})
    assert answer.status_code == 400
    assert answer.json()["code"] == "taken"
    assert list(answer.json()["fields"]) == ["nickname"]


@pytest.mark.django_db
def test_the_database_refuses_a_look_alike(make_user):
    make_user("Ian")
    for nickname in ("IAN", "lan"):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_user(nickname)


@pytest.mark.django_db
@pytest.mark.parametrize("nickname", ["IAN", "lan"])
def test_createsuperuser_refuses_a_look_alike_in_one_sentence(make_user, nickname):
    make_user("Ian")
    with pytest.raises(CommandError, match="taken"):
        call_command("createsuperuser", interactive=False, nickname=nickname)


@pytest.mark.django_db
def test_a_user_may_change_the_case_of_the_own_nickname(call, alice, bob):
    for nickname, status in (("ALICE", 204), ("BOB", 400), ("carol", 204)):
        answer = call("PUT", f"/api/users/{alice.pk}", {"nickname": nickname}, token=alice.token)
        assert answer.status_code == status
    assert not User.objects.look_alikes("Alice").exists()
    assert User.objects.look_alikes("CAROL").get() == alice


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["Zoe\u0308", "zo\u00eb", "ZOE\u0308", "zoe\u0308"], ids=ascii)
def test_sign_in_ignores_case_and_composition(call, make_user, typed):
    user = make_user("Zo\u00eb")
    assert authenticate(nickname=typed, password=PASSWORD) == user
    assert call("POST", "/api/tokens", headers=basic(typed)).status_code == 200


@pytest.mark.django_db
def test_sign_in_prefers_the_exact_nickname(make_user):
    # Two users of a version that compared nothing: the migration has not been run to its end.
    users = [make_user("susan"), make_user("Bob")]
    User.objects.filter(pk=users[1].pk).update(nickname="SUSAN")
    for user, nickname in zip(users, ("susan", "SUSAN"), strict=True):
        assert authenticate(nickname=nickname, password=PASSWORD) == user


@pytest.fixture
def before(transactional_db):
    """Return the model of users as it was when skeletons were empty, to be migrated after."""
    executor = MigrationExecutor(connection)
    executor.migrate([("chat", "0006_skeletons_of_nicknames")])
    yield executor.loader.project_state([("chat", "0006_skeletons_of_nicknames")]).apps.get_model(
        "chat", "User"
    )
    User.objects.all().delete()
    call_command("migrate", verbosity=0)


@pytest.mark.attack("Nicknames: look-alikes")
def test_the_migration_names_the_users_that_clash_and_changes_nothing(before):
    for nickname in ("susan", "bob", "SUSAN", "Ian", "lan"):
        before.objects.create(nickname=nickname)
    with pytest.raises(CommandError) as error:
        call_command("migrate", verbosity=0)
    pks = dict(before.objects.values_list("nickname", "pk"))
    for one, other in (("susan", "SUSAN"), ("Ian", "lan")):
        assert f"'{one}' (user {pks[one]}) and '{other}' (user {pks[other]})" in str(error.value)
    assert "bob" not in str(error.value)
    assert not before.objects.exclude(skeleton=None).exists()
    for nickname in ("SUSAN", "lan"):
        call_command("renameuser", "--id", pks[nickname], f"other {nickname}", verbosity=0)
    call_command("migrate", verbosity=0)
    assert User.objects.get(skeleton="susan").pk == pks["susan"]


def test_the_migration_fills_more_than_one_batch(before):
    before.objects.bulk_create(before(nickname=f"user {number}") for number in range(1001))
    call_command("migrate", verbosity=0)
    assert not User.objects.filter(skeleton=None).exists()
    assert User.objects.filter(shown_skeleton=shown_skeleton("USER 1000")).exists()


@pytest.mark.django_db
def test_a_node_of_an_older_version_can_insert_users():
    User.objects.bulk_create([User(nickname="one"), User(nickname="two")])  # without skeletons
    assert User.objects.filter(skeleton=None).count() == 2
