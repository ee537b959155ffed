"""The examples of docs/API.md run."""

import re
import subprocess
import sys

from comparison.contract.client import eventually, new_nickname
from tests.browser.browser import open_browser
from tests.running import PATIENCE, ROOT, Stack

# What a test adds to the example: messages of an earlier connection, and ways into it.
HOLD = "held.forEach(merge); window.example = { messages, merge, remove };"
HAS = "ids => ids.map((id) => example.messages.has(id))"


def code(language: str, stack: Stack) -> str:
    """Return the code of the examples in a language, for this server and with new nicknames."""
    text = (ROOT / "docs/API.md").read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    joined = "\n".join(blocks).replace("http://127.0.0.1:8000", stack.url)
    return joined.replace("susan", new_nickname("doc")).replace('"echo"', f'"{new_nickname("e")}"')


def run(*command: str) -> str:
    """Run a program, and return its output."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_curl_examples_run(playground: Stack) -> None:
    path = "/api/messages"
    eventually(lambda: "ETag" in playground.get(path).headers, "the ETag of the list", PATIENCE)
    printed = run("sh", "-eux", "-c", code("sh", playground))
    assert "hello <em>world</em>!" in printed
    assert "304" in printed
    assert '"source":"later"' in printed


def test_the_python_example_runs(playground: Stack) -> None:
    run(sys.executable, "-c", code("python", playground))
    said = [message["source"] for message in playground.messages("limit=2")]
    assert said == ["who is there?", "echo: who is there?"]


def test_the_javascript_example_runs(playground: Stack) -> None:
    heard: list[str] = []
    author = playground.person()
    deleted = playground.posted(author, "deleted while the client was away")
    kept = {**deleted, "id": deleted["id"] + 1_000_000}
    ids = [deleted["id"], kept["id"]]
    playground.delete(f"/api/messages/{deleted['id']}", token=author.token)
    with open_browser() as browser:
        page = browser.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.goto(playground.url)
        with page.expect_console_message(lambda message: message.text.endswith(" messages")):
            page.evaluate(f"held => {{ {code('js', playground)} {HOLD} }}", [deleted, kept])
        assert page.evaluate(HAS, ids) == [False, True]
        page.evaluate("late_push => example.merge(late_push)", deleted)
        user = {"class": "User", "first": author.id, "last": author.id}
        page.evaluate("deletion => example.remove(deletion)", user)
        assert page.evaluate(HAS, ids) == [False, False]
        playground.posted(playground.person(), "to the browser")

        def is_heard() -> bool:
            page.wait_for_timeout(50)
            return "to the browser" in heard

        eventually(is_heard, "the push", PATIENCE)
