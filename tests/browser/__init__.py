"""Tests of the page in a browser. A package, so that one browser serves all of them."""
