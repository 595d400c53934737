"""What a request that got no usable answer says to a user: errors of `requests` and its parts, in our own words.

Theirs quote the query's values and the proxy's password, so no text of theirs is passed on but OpenSSL's reason why a
certificate was refused, which names the host of `base_url` at most.
"""

import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3

from liine_source import errors

# OpenSSL's codes of a refused certificate (`man openssl-verification-options`).
_NOT_VALID_NOW = {9, 10}
_OTHER_NAME = {62, 64}
# The name exists nowhere; while a name server does not answer, it is another error.
UNKNOWN_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
UNRESOLVED = "the name of the host could not be resolved"
_CA_FILE = "REQUESTS_CA_BUNDLE"


class ForeignRedirectError(requests.exceptions.RequestException):
    """A redirect to another host."""


class UnusableRedirectError(requests.exceptions.RequestException):
    """A redirect to an address that is none."""


def explain_failure(error: Exception, context: str) -> errors.LiineError:
    """Return the error to raise for one of `requests`, `urllib3` or the machine; `context` names the request."""
    causes = list(_causes(error))
    for kind, explain in (
        (ssl.SSLCertVerificationError, _explain_certificate),
        (requests.exceptions.SSLError, _explain_tls),
        (requests.exceptions.ProxyError, _explain_proxy),
    ):
        if found := next((cause for cause in causes if isinstance(cause, kind)), None):
            return explain(found, context)
    if any(isinstance(cause, socket.gaierror) and cause.errno in UNKNOWN_HOST for cause in causes):
        return unknown_host()
    if isinstance(error, requests.exceptions.RequestException | urllib3.exceptions.HTTPError):
        return _explain_request(error, causes, context)
    if isinstance(error, OSError):
        return errors.ConfigurationError(
            f"{context}: the file of certificate authorities cannot be read. Set {_CA_FILE} to a file of certificates "
            "in PEM format, or unset it and CURL_CA_BUNDLE."
        )
    return errors.UnreadableAnswerError(f"{context}: the answer breaks HTTP's rules ({type(error).__name__}).")


def _explain_request(error: Exception, causes: list[BaseException], context: str) -> errors.LiineError:
    if isinstance(error, ForeignRedirectError):
        return errors.ForeignHostError(f"{context}: the API answered with a redirect to another host.")
    if isinstance(error, UnusableRedirectError):
        return errors.RedirectError(f"{context}: the API answered with a redirect to an address that is none.")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return errors.RedirectError(f"{context}: the API answered with one redirect after another.")
    if isinstance(error, requests.exceptions.InvalidURL):
        return errors.ConfigurationError(f"{context}: base_url is no usable address. Set it under [sources.liine].")
    if isinstance(error, requests.exceptions.InvalidSchema):
        return errors.ConfigurationError(
            f"{context}: the proxy in HTTPS_PROXY or ALL_PROXY is one that requests cannot use; for SOCKS, "
            "pip install 'requests[socks]'."
        )
    return errors.NoConnectionError(f"{context}: {_name_problem(error, causes)}.")


def unknown_host() -> errors.UnknownHostError:
    """Return the error for a host that does not exist."""
    return errors.UnknownHostError(
        "The host of base_url does not exist, or this machine's name server does not know it. Correct base_url under "
        "[sources.liine], or leave it out; behind a proxy set HTTPS_PROXY. Nothing was requested."
    )


def _name_problem(error: Exception, causes: list[BaseException]) -> str:
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return UNRESOLVED
    for kind, problem in (
        (requests.exceptions.Timeout, "no answer in time"),
        (urllib3.exceptions.ReadTimeoutError, "the answer stopped coming"),
        (urllib3.exceptions.DecodeError, "the compressed answer could not be read"),
        (urllib3.exceptions.HTTPError, "the answer was cut off"),
        (requests.exceptions.ConnectionError, "the connection was refused or lost"),
    ):
        if isinstance(error, kind):
            return problem
    return f"the request failed ({type(error).__name__})"


def _explain_certificate(refused: BaseException, context: str) -> errors.LiineError:
    code, reason = getattr(refused, "verify_code", None), getattr(refused, "verify_message", "")
    if code in _NOT_VALID_NOW:
        remedy = "Check this machine's clock. If it is right, whoever runs the host of base_url must renew it."
    elif code in _OTHER_NAME:
        remedy = "Set base_url under [sources.liine] to a host that the certificate names."
    else:
        remedy = (
            "Check base_url under [sources.liine]. If a proxy of your organisation inspects TLS, set "
            f"{_CA_FILE} to the file of its authority's certificate."
        )
    return errors.CertificateError(f"{context}: the host's certificate was refused: {reason.rstrip('.')}.", remedy)


def _explain_tls(error: BaseException, context: str) -> errors.LiineError:
    lost = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    causes = list(_causes(error))
    if any(isinstance(cause, lost) for cause in causes):
        return errors.NoConnectionError(f"{context}: the connection was lost while TLS began.")
    reason = next((cause.reason for cause in causes if isinstance(cause, ssl.SSLError) and cause.reason), None)
    return errors.CertificateError(
        f"{context}: host and connector agree on no TLS connection{f' ({reason})' if reason else ''}.",
        f"Check that base_url and any proxy speak https at that port, and {_CA_FILE} if it is set.",
    )


def _explain_proxy(_: BaseException, context: str) -> errors.LiineError:
    return errors.ProxyError(f"{context}: the proxy did not connect to the host.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps: requests and urllib3 wrap in `reason` or as the first argument."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        yield found
        seen.add(id(found))
        wrapped = (getattr(found, "reason", None), *found.args[:1], found.__cause__, found.__context__)
        found = next((one for one in wrapped if isinstance(one, BaseException) and id(one) not in seen), None)
