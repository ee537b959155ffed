"""What the tests of fetching share."""

from tests.chat.sites import canary, internet, site  # noqa: F401  # fixtures
