"""Authentication for Schemathesis: a new user whenever a test has ended the last token."""

import secrets
from typing import Any
from uuid import uuid4

import httpx
import schemathesis
from schemathesis import AuthContext, Case

PASSWORD = "staple-battery-horse"
EXAMPLE = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"  # of an Idempotency-Key, in the document


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
        # A repeated key is answered with the first message, whatever the rest of the request.
        if case.headers.get("Idempotency-Key") == EXAMPLE:
            case.headers["Idempotency-Key"] = str(uuid4())
        if case.operation.path == "/api/tokens" and case.method.upper() == "POST":
            case.headers["Authorization"] = httpx.BasicAuth(nickname, PASSWORD)._auth_header
        else:
            case.headers["Authorization"] = f"Bearer {token}"
