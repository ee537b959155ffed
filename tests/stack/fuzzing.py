"""Authentication for Schemathesis: a new user whenever a test has ended the last token."""

import secrets
from typing import Any

import httpx
import schemathesis
from schemathesis import AuthContext, Case

PASSWORD = "staple-battery-horse"


@schemathesis.auth(retry_on=[401])
class Sign:
    """Adds a token to each request, or nickname and password where a token is issued."""

    def get(self, case: Case, context: AuthContext) -> Any:
        """Register a user and sign in; return nickname and token."""
        nickname = f"fuzz-{secrets.token_hex(8)}"
        flack = httpx.Client(base_url=case.operation.base_url, trust_env=False)
        with flack:
            account = {"nickname": nickname, "password": PASSWORD}
            flack.post("/api/users", json=account).raise_for_status()
            answer = flack.post("/api/tokens", auth=(nickname, PASSWORD)).raise_for_status()
        return nickname, answer.json()["token"]

    def set(self, case: Case, data: Any, context: AuthContext) -> None:
        """Add the credentials to a request."""
        nickname, token = data
        if case.operation.path == "/api/tokens" and case.method.upper() == "POST":
            case.headers["Authorization"] = httpx.BasicAuth(nickname, PASSWORD)._auth_header
        else:
            case.headers["Authorization"] = f"Bearer {token}"
