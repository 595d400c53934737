"""The login (11), the path's slash (12) and the rate limit (17)."""

from collections.abc import Iterable
from dataclasses import dataclass

from liine_source.errors import ApiError
from liine_source.probing.asking import Asker, NoRequestsLeftError, Wire
from liine_source.probing.verdict import Verdict, leave_open, settle
from liine_source.spec.endpoints import INTERACTIONS_PATH

_OTHER_PATH = INTERACTIONS_PATH.rstrip("/")
_NOT_FOUND = "not found"
_SLASHES: dict[tuple[str | None, str | None], str] = {
    (INTERACTIONS_PATH, _OTHER_PATH): "both",
    (INTERACTIONS_PATH, INTERACTIONS_PATH): "redirect to slash",
    (_OTHER_PATH, _OTHER_PATH): "redirect to no slash",
    (INTERACTIONS_PATH, _NOT_FOUND): "with slash only",
}


@dataclass(frozen=True, slots=True)
class SlashTrial:
    """How a request to each form of the path ended: the path that answered, `not found`, or None where neither."""

    with_slash: str | None
    without_slash: str | None


def try_paths(asker: Asker) -> SlashTrial:
    """Request the path without its slash twice; the other form is that of all other requests."""
    ends: set[str | None] = set()
    for _ in range(2):
        page, last = asker.ask(limit=1, path=_OTHER_PATH), asker.wire.last
        is_missing = page is None and last is not None and last.status == 404
        ends.add(last.path if page and page.status == 200 and last else _NOT_FOUND if is_missing else None)
    paths = asker.wire.redirected_paths or {INTERACTIONS_PATH}
    return SlashTrial(_find_only(paths), _find_only(ends))


def _find_only(ends: Iterable[str | None]) -> str | None:
    found = set(ends)
    return found.pop() if len(found) == 1 else None


def judge_paths(trial: SlashTrial | None) -> Verdict:
    """Return which form of the path answers."""
    topic = "path with and without its slash"
    if trial is None:
        return leave_open(12, topic, "not asked", "no request was left")
    evidence = "each form requested twice or more"
    if finding := _SLASHES.get((trial.with_slash, trial.without_slash)):
        return settle(12, topic, finding, evidence, "the path that answered")
    return leave_open(12, topic, evidence, "one form failed, or its answers differed")


def try_form_login(asker: Asker, times: int = 2) -> bool | None:
    """Return whether the login accepts a form; None where that stays unknown. A refused one is sent so many `times`."""
    try:
        return any(asker.client.try_form_login() for _ in range(times))
    except (ApiError, NoRequestsLeftError):
        return None


def judge_login(wire: Wire, *, accepts_form: bool | None) -> list[Verdict]:
    """Return the form of the token and of the login's body."""
    logins = wire.logins
    evidence = f"{len(logins)} logins"
    topic = "token in the login's answer"
    prefixes = {login.has_prefix for login in logins}
    if len(prefixes) == 1:
        finding = "with `bearer `" if prefixes.pop() else "without `bearer `"
        token = settle(11, topic, finding, evidence, "the same in each answer")
    else:
        token = leave_open(11, topic, evidence, "no login was seen, or its answers differ")
    accepts_json = len(logins) > int(accepts_form or 0)
    return [token, _judge_expiry(wire), _judge_body(evidence, accepts_json=accepts_json, accepts_form=accepts_form)]


def _judge_expiry(wire: Wire) -> Verdict:
    topic, evidence = "`valid_until` of a token", f"{len(wire.logins)} logins"
    forms = {(login.has_expiry, login.has_milliseconds) for login in wire.logins}
    if len(forms) != 1:
        return leave_open(11, topic, evidence, "no login was seen, or its answers differ")
    has_expiry, has_milliseconds = forms.pop()
    finding = ("with" if has_milliseconds else "without") + " a fraction" if has_expiry else "absent"
    return settle(11, topic, finding, evidence, "the same in each answer")


def _judge_body(evidence: str, *, accepts_json: bool, accepts_form: bool | None) -> Verdict:
    topic = "body of a login"
    if accepts_form is None:
        return leave_open(11, topic, evidence, "JSON is accepted; the form was not answered")
    if not accepts_json:
        return settle(11, topic, "form only", evidence, "JSON was refused, a form with the same credentials accepted")
    finding = "JSON or form" if accepts_form else "JSON only"
    return settle(11, topic, finding, evidence, "a login of each kind, with the same credentials")


def judge_rate_limit(wire: Wire) -> Verdict:
    """Return whether a rate limit was met."""
    topic = "rate limit"
    evidence = f"{wire.throttled} of {wire.sent} requests got 429, {wire.throttled_with_wait} with Retry-After"
    if wire.throttled:
        return settle(17, topic, "met", evidence, "the API answered 429")
    return leave_open(17, topic, evidence, "more requests at once may meet one")
