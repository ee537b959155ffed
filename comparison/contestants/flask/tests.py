"""Tests of the contestant itself: `DATABASE_URL=sqlite:// python -m unittest tests` in its folder.

The contract suite holds it to the behaviour; this file shows what a test looks like in Flask.
"""

import unittest
from unittest.mock import patch

from flack import create_app, db


class TokensTest(unittest.TestCase):
    def setUp(self):
        self.context = create_app(main=False).app_context()
        self.context.push()
        db.create_all()
        self.client = self.context.app.test_client()

    @patch("flack.socketio.emit")
    def test_each_sign_in_gets_the_users_token(self, emit):
        user = {"nickname": "susan", "password": "cat"}
        self.client.post("/api/users", json=user)
        answers = [self.client.post("/api/tokens", auth=("susan", "cat")) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len({answer.json["token"] for answer in answers}) == 1
        emit.assert_called_once()  # the user came online
