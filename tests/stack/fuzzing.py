"""How Schemathesis says who it is: as somebody new whenever its last token has died of a test."""

import secrets
from typing import Any

import httpx
import schemathesis
from schemathesis import AuthContext, Case

PASSWORD = "staple-battery-horse"


@schemathesis.auth(retry_on=[401])
class Sign:
    """Sends a token, or nickname and password where a token is asked for."""

    def get(self, case: Case, context: AuthContext) -> Any:
        """Register and sign in; return nickname and token."""
        nickname = f"fuzz-{secrets.token_hex(8)}"
        flack = httpx.Client(base_url=case.operation.base_url, trust_env=False)
        with flack:
            account = {"nickname": nickname, "password": PASSWORD}
            flack.post("/api/users", json=account).raise_for_status()
            answer = flack.post("/api/tokens", auth=(nickname, PASSWORD)).raise_for_status()
        return nickname, answer.json()["token"]

    def set(self, case: Case, data: Any, context: AuthContext) -> None:
        """Put it into a request."""
        nickname, token = data
        if case.operation.path == "/api/tokens" and case.method.upper() == "POST":
            case.headers["Authorization"] = httpx.BasicAuth(nickname, PASSWORD)._auth_header
        else:
            case.headers["Authorization"] = f"Bearer {token}"
