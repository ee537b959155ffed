"""The faults to plant in the proxy, by the test of the contract suite that must catch them."""

import re

from tests.comparison.proxy import Fault
from tests.comparison.rewriting import (
    answer,
    asking,
    body,
    but,
    frame,
    header,
    less,
    once,
    plus,
    push,
    query,
    status,
    swallow,
    unknown,
)

USERS, USER = "/api/users", r"/api/users/\d+"
MESSAGES, MESSAGE = "/api/messages", r"/api/messages/\d+"
SINCE = r"(updated_since=)(\d+)"

FAULTS: dict[str, dict[str, Fault]] = {
    "test_registering::test_registering_answers_201_with_the_user_and_its_location": {
        "registering answers 200": answer("POST", USERS, status(200, 201)),
        "a user lacks last_seen_at": body("POST", USERS, less("last_seen_at")),
        "a user shows a password hash": body("POST", USERS, but(password_hash="x")),
        "times are in milliseconds": body(
            "POST", USERS, but(created_at=lambda t: t * 1000, updated_at=lambda t: t * 1000)
        ),
        "a time is no whole number": body("POST", USERS, but(created_at=float)),
        "an id is text": body("POST", USERS, but(id=str)),
        "online is a number": body("POST", USERS, but(online=int)),
        "a link is missing": body("POST", USERS, but(_links=less("tokens"))),
        "a link ends in a slash": body(
            "POST", USERS, but(_links=but(self=lambda link: f"{link}/"))
        ),
        "there is no Location": answer("POST", USERS, header("location", None)),
        "the Location is another's": answer("POST", USERS, header("location", "/api/users/0")),
    },
    "test_registering::test_a_nickname_may_have_32_characters_of_any_language": {
        "a nickname loses its case": body("GET", USER, but(nickname=str.upper)),
    },
    "test_registering::test_registering_a_taken_nickname_is_400": {
        "a taken nickname is 409": answer("POST", USERS, status(409, 400)),
    },
    "test_users::test_the_list_has_every_user_by_last_change_then_nickname": {
        "users come newest first": body("GET", USERS, but(users=lambda users: users[::-1])),
        "users come without their name": body("GET", USERS, lambda data: data["users"]),
        "only those online are listed": query(USERS, "$", "?online=1"),
    },
    "test_users::test_the_list_can_be_of_those_online_or_offline": {
        "online= is ignored": query(USERS, "online=", "x="),
    },
    "test_users::test_the_list_since_a_time_has_only_what_changed_strictly_later": {
        "users: updated_since is off by one": query(USERS, SINCE, plus(-1)),
        "users: updated_since is off the other way": query(USERS, SINCE, plus(1)),
    },
    "test_users::test_an_unknown_user_is_404": {
        "an unknown user is 200": answer("GET", "/api/users/.*", status(200, 404)),
    },
    "test_users::test_renaming_oneself_is_204_and_counts_as_a_change": {
        "renaming is forgotten": swallow("PUT", USER),
    },
    "test_users::test_changing_another_user_is_403_and_an_unknown_one_404": {
        "changing another user is 404": answer("PUT", USER, status(404, 403)),
    },
    "test_tokens::test_signing_in_answers_200_with_a_token_of_64_hex_digits": {
        "a token is short": body("POST", "/api/tokens", but(token=lambda token: token[:40])),
    },
    "test_tokens::test_a_deleted_token_is_dead": {
        "a deleted token lives on": swallow("DELETE", "/api/tokens"),
    },
    "test_tokens::test_an_endpoint_that_needs_a_token_is_401_without_a_valid_one": {
        "401 has no challenge": answer("POST", MESSAGES, header("www-authenticate", None)),
        "401 opens a browser's prompt": answer("PUT", USER, header("www-authenticate", "Basic")),
        "no token is 403": answer("PUT", MESSAGE, status(403, 401)),
    },
    "test_messages::test_posting_gives_the_message_with_its_source_as_sent": {
        "a source is trimmed": body("POST", MESSAGES, but(source=str.strip)),
        "a read differs from its post": body("GET", MESSAGE, but(created_at=lambda t: t - 1)),
    },
    "test_messages::test_posting_answers_201_at_once_unless_the_client_prefers_202": {
        "posting answers 202 unasked": asking(prefer="respond-async"),
        "a preference for 202 is ignored": asking(prefer=None),
    },
    "test_messages::test_the_list_has_a_days_messages_the_oldest_change_first": {
        "messages come newest first": body("GET", MESSAGES, but(messages=lambda m: m[::-1])),
        "last week's messages are listed": body(
            "GET",
            MESSAGES,
            but(messages=lambda m: [m[0] | {"created_at": 1, "updated_at": 1}, *m[1:]]),
        ),
    },
    "test_messages::test_the_list_since_a_time_has_only_what_changed_strictly_later": {
        "messages: updated_since is off by one": query(MESSAGES, SINCE, plus(-1)),
    },
    "test_messages::test_an_edit_is_204_and_moves_the_message_to_the_end_of_the_list": {
        "an edit is forgotten": swallow("PUT", MESSAGE),
        "an edit is no change": body("GET", MESSAGE, but(updated_at=1)),
        "an edit answers 200": answer("PUT", MESSAGE, status(200, 204)),
        "an edit keeps its place": body(
            "GET", MESSAGES, but(messages=lambda m: sorted(m, key=lambda one: one["id"]))
        ),
    },
    "test_messages::test_editing_anothers_message_is_403_and_an_unknown_one_404": {
        "editing another's is 204": answer("PUT", MESSAGE, status(204, 403)),
    },
    "test_history::test_user_id_gives_the_messages_of_one_author": {
        "user_id= is ignored": query(MESSAGES, "user_id=", "x="),
    },
    "test_history::test_before_gives_what_is_older_oldest_first": {
        "before= includes its own message": query(MESSAGES, r"(before=)(\d+)", plus(1)),
        "limit= keeps one too many": query(MESSAGES, r"(limit=)(\d+)", plus(1)),
    },
    "test_history::test_a_post_repeated_with_its_key_is_the_first_message_again": {
        "Idempotency-Key is ignored": asking(idempotency_key=None),
    },
    "test_markup::test_the_html_is_the_same": {
        "markup is escaped": body("POST", MESSAGES, but(html=lambda h: h.replace("<", "&lt;"))),
        "a message is a paragraph": body("POST", MESSAGES, but(html=lambda h: f"<p>{h}</p>")),
        "a link lacks nofollow": body(
            "POST", MESSAGES, but(html=lambda h: h.replace(" rel", " x"))
        ),
    },
    "test_markup::test_no_markup_but_the_harmless_survives": {
        "a script survives": body("POST", MESSAGES, but(html=lambda h: h + "<script></script>")),
        "a handler survives": body("POST", MESSAGES, but(html=lambda h: h + "<b onclick=x></b>")),
    },
    "test_markup::test_blocks_are_kept_as_elements": {
        "lists are flattened": body(
            "POST", MESSAGES, but(html=lambda h: re.sub("</?(ul|li)>", "", h))
        ),
    },
    "test_expansion::test_a_link_gets_the_title_and_description_of_its_page": {
        "no link is expanded": body("GET", MESSAGE, but(html=lambda h: h.split("<blockquote>")[0])),
        "a description is lost": body(
            "GET", MESSAGE, but(html=lambda h: re.sub("<p>[^<]*</p></bl", "<p></p></bl", h))
        ),
    },
    "test_expansion::test_title_and_description_are_text_not_markup": {
        "a title is not escaped": body("GET", MESSAGE, but(html=lambda h: h.replace("&lt;", "<"))),
    },
    "test_service::test_a_queued_task_is_202_with_its_location": {
        "a queued task is 404": answer("GET", "/tasks/status/.*", once(unknown)),
    },
    "test_service::test_a_deferred_post_ends_as_the_finished_response_itself": {
        "a finished task is 200": answer("GET", "/tasks/status/.*", status(200, 201)),
    },
    "test_service::test_stats_has_the_requests_per_second": {
        "nothing is counted": body("GET", "/stats", but(requests_per_second=0.0)),
    },
    "test_errors::test_an_error_is_one_sentence_in_json": {
        "an error is a page": answer("GET", "/api/nothing", header("content-type", "text/html")),
    },
    "test_errors::test_a_bad_updated_since_is_400": {
        "a bad number is 500": answer("GET", MESSAGES, status(500, 400)),
    },
    "test_push::test_each_of_many_messages_is_pushed": {
        "a push in five is dropped": push("Message", lambda m: m if m["id"] % 5 else None),
    },
    "test_push::test_a_message_of_the_socket_reaches_every_client_once": {
        "a push comes twice": frame("updated_model", lambda given: [given, given]),
        "a push lacks its links": push("Message", less("_links")),
        "a push is stale": push("Message", but(updated_at=lambda t: t - 1, created_at=1)),
        "a class has another name": frame(
            "updated_model", lambda given: [given | {"data": given["data"] | {"class": "message"}}]
        ),
    },
    "test_push::test_who_comes_online_is_pushed_to_everyone": {
        "no user comes online": push("User", lambda user: None if user["online"] else user),
    },
    "test_presence::test_closing_the_last_socket_takes_its_user_offline": {
        "no user goes offline": push("User", lambda user: user if user["online"] else None),
    },
    "test_socket::test_a_message_is_in_the_database_when_its_ack_arrives": {
        "there is no ack": frame("ack", lambda _: []),
        "an ack has another's ref": frame("ack", lambda given: [given | {"ref": "other"}]),
        "an ack lacks the message": frame("ack", lambda given: [given | {"data": {}}]),
        "an ack is of no stored message": frame(
            "ack", lambda given: [given | {"data": given["data"] | {"id": 0}}]
        ),
    },
    "test_socket::test_a_post_without_a_good_token_is_a_401_and_the_socket_stays_open": {
        "an error is silent": frame("error", lambda _: []),
        "an error says too much": frame(
            "error", lambda given: [given | {"data": given["data"] | {"error": "wrong token"}}]
        ),
    },
}
