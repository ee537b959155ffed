"""Bare links in text, and the hosts of links in any script."""

import re

import idna
from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from markdown_it.rules_inline import StateInline, linkify

from chat.content.characters import UNSPACED

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
# Letters that stand beside a domain without a space. Korean appends particles to any word.
BESIDE = f"[{UNSPACED}\uac00-\ud7a3]"
# A host that ends in ASCII with such letters, which are then no part of its last label.
ENDED = (
    r"(?:(?:[^\s/?#:@.]{1,63}\.){1,10}(?:[a-z]{2,24}|\d{1,3})|localhost)(?::\d{1,5})?"
    rf"(?={BESIDE})(?![^\s/?#:.]{{0,63}}\.\w)"
)


class Linkify(LinkifyIt):
    """Finder of bare links and domains."""

    def _compile(self) -> None:
        """Bound the search for links, which is exponential in the original, and end them earlier.

        A label `xn--a` matches in two ways, so 30 of them match in 2**30. A domain may have any
        number of labels, and brackets any length, and both are searched again from each start.
        """
        super()._compile()
        twice = f"(?:{self.re['src_xn']}|(?:"
        letter, end = self.re["src_pseudo_letter"], self.re["src_host_terminator"]
        for name, regex in self.re.items():
            if name == "link_no_ip_fuzzy":  # a domain without a scheme
                regex = regex.replace(letter, f"(?:(?!{BESIDE}[a-z0-9]){letter})")
                regex = regex.replace(end, f"(?:(?<=[a-z0-9])(?={BESIDE})|{end})")
                regex = regex.replace("(^|", f"(^|(?<={BESIDE})(?=[a-z0-9])|", 1)
            regex = regex.replace(twice, "(?:(?:").replace(r").)*", r").){0,300}")
            regex = regex.replace(r")\.)+", rf"){DOT}){{1,10}}")
            regex = regex.replace(r")\.)*", rf"){DOT}){{0,10}}")
            self.re[name] = regex.replace(PATH, f"|{PUNCTUATION}{PATH}")
        self.re["host_fuzzy_test"] = self.re["host_fuzzy_test"].replace("|>|$)", f"|{BESIDE}|>|$)")
        self.re["src_host_port_strict"] = f"(?:{ENDED}|{self.re['src_host_port_strict']})"

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
