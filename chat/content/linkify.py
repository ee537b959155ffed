"""Bare links in text, and the hosts of links in any script."""

import re

import idna
from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from markdown_it.rules_inline import StateInline, linkify

HOST = re.compile("(https?://(?:[^/?#@]*@)?)([^/?#@:]*[^\0-\x7f/?#@:][^/?#@:]*)", re.IGNORECASE)
# Punctuation beside links in texts without spaces, such as Chinese. An apostrophe may be in a name.
PUNCTUATION = (
    "[\xab\xbb\u2018\u201a-\u201f\u2026\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01\uff08\uff09\uff0c"
    "\uff0e\uff1a\uff1b\uff1f\uff3b\uff3d\uff5b\uff5d\uff61-\uff64]|\u2019(?![A-Za-z\xc0-\u024f])"
)
# The place in the regex of linkify-it that lists the special characters of a path.
PATH = r"""|[()[\]{}.,"'?!\-;]).|"""
# A full stop of such a script is a dot of a domain if a top-level domain in ASCII follows.
DOT = r"(?:\.|[\u3002\uff0e\uff61](?=[A-Za-z]{2,}(?:[/:?#\s]|$)))"


class Linkify(LinkifyIt):
    """Finder of bare links and domains."""

    def _compile(self) -> None:
        """Bound the search for links, which is exponential in the original, and end them earlier.

        A label `xn--a` matches in two ways, so 30 of them match in 2**30. A domain may have any
        number of labels, and brackets any length, and both are searched again from each start.
        """
        super()._compile()
        twice = f"(?:{self.re['src_xn']}|(?:"
        for name, regex in self.re.items():
            regex = regex.replace(twice, "(?:(?:").replace(r").)*", r").){0,300}")
            regex = regex.replace(r")\.)+", rf"){DOT}){{1,10}}")
            regex = regex.replace(r")\.)*", rf"){DOT}){{0,10}}")
            self.re[name] = regex.replace(PATH, f"|{PUNCTUATION}{PATH}")

    def pretest(self, text: str) -> bool:
        """Return True: the test of the original misses the domain in `<b>foo.com</b>`."""
        return True


def mapped_host(match: re.Match[str]) -> str:
    """Return the start of a URL with its host in lower case, composed, and with ASCII dots."""
    try:
        return match[1] + idna.uts46_remap(match[2], std3_rules=False)
    except idna.IDNAError:  # a character that no host can have: it stays as typed
        return match[0]


def bare_link(state: StateInline, silent: bool) -> bool:
    """Find a link at its `://`. The original searches all of the text before it for a scheme."""
    if not silent and state.src.startswith("://", state.pos):
        before, state.pending = state.pending[-10:], state.pending[:-10]
        if state.pending:
            state.pushPending()
        state.pending = before
    return linkify(state, silent)
