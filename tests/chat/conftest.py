"""What the tests of fetching share."""

from tests.chat.content.sites import canary, internet, site  # noqa: F401  # fixtures
