"""Tests of the contestant itself: `manage.py test comparison.contestants.django_documented`.

The contract suite holds it to the behaviour; this file shows what a test looks like in Django.
"""

from base64 import b64encode
from unittest.mock import Mock, patch

from rest_framework.test import APITestCase


class TokensTest(APITestCase):
    def setUp(self) -> None:
        self.basic = "Basic " + b64encode(b"susan:cat").decode()

    @patch("comparison.contestants.django_documented.authentication.push_model")
    def test_each_sign_in_gets_its_own_token(self, push_model: Mock) -> None:
        user = {"nickname": "susan", "password": "cat"}
        self.client.post("/api/users", user, format="json")
        self.client.credentials(HTTP_AUTHORIZATION=self.basic)
        answers = [self.client.post("/api/tokens") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len({answer.json()["token"] for answer in answers}) == 2
        push_model.assert_called_once()  # the user came online
