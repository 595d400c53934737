"""The host of the API, from the setting `base_url`."""

from urllib.parse import urlsplit

from liine_source.errors import ConfigurationError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def validate_base_url(base_url: str) -> str:
    """Return `base_url` without a trailing slash.

    Raises ConfigurationError unless it is `https`, or `http` on a loopback address.
    """
    try:
        parts = urlsplit(base_url)
        is_address = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        # A port that is no number, or an open bracket.
        is_address = False
    if not is_address or parts.username or parts.query or not base_url.isprintable() or " " in base_url:
        raise ConfigurationError("base_url must look like https://host, without a user or a query.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError(
            "base_url must be https: over http, password and token could be read on the way. "
            "Only this machine (localhost, 127.0.0.1, ::1) may be addressed over http."
        )
    return base_url.rstrip("/")


def host_of(base_url: str) -> str:
    """Return the host of a `base_url`, with its port unless it is 443; `localhost` for this machine on any port."""
    parts = urlsplit(base_url)
    if parts.hostname in _LOOPBACK:
        return "localhost"
    return f"{parts.hostname}:{parts.port}" if parts.port not in {None, 443} else str(parts.hostname)
