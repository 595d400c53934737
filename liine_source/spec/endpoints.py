"""Addresses, formats and envelopes of the API (reference: "Authentication", "Pagination", "Response")."""

HOST = "https://app.liine.com"
AUTHENTICATE_PATH = "/call_log/authenticate/"
# The reference also shows it without the trailing slash (open question 12).
INTERACTIONS_PATH = "/call_log/interactions/"

LOGIN_FIELDS = ("username", "password")
LOGIN_ANSWER_FIELDS = ("token", "valid_until")

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
DATE_FORMAT = "%Y-%m-%d"
CURSOR_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

ENVELOPE_FIELDS = ("interactions", "count", "limit", "num_pages", "pagination_timestamp")
