"""The probe against the emulator: a settled verdict is the switch's value, whatever else is switched or goes wrong."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from liine_source.commands.probe import Probe, probe
from liine_source.emulator import Burst, Emulator, Faults, Interpretation, running_emulator

# What is true of an emulator without switches. None: no answer can prove it, so that it stays undecided.
TRUTH: dict[str, str | None] = {
    "`pagination_timestamp` of an answer": "last",
    "rows of the cursor's own second": "strict",
    "most rows on a page": "1000",
    "short pages before the last": None,
    "clock compared with the cursor": "local",
    "clock that sorts the rows": "local",
    "`count`": "total",
    "whether `count` is exact": None,
    "`num_pages`": "count / limit, rounded up",
    "clock of `start_date`": "local",
    "clock of `end_date`": "local",
    "what `end_date` includes": "day",
    "clock of `updated_date`": "utc",
    "`updated_at` of a row": "present",
    "rows that change while pages are read": None,
    "presumed spam": "included if the parameter is present",
    "deleted rows": None,
    "token in the login's answer": "with `bearer `",
    "`valid_until` of a token": "with a fraction",
    "body of a login": "JSON or form",
    "path with and without its slash": "both",
    "documented fields": "all",
    "undocumented fields": None,
    "fields without a value": "null",
    "values outside the documented lists": None,
    "lists": None,
    "`type` as repeated keys": "both values",
    "`type` by commas": "refused",
    "`agents` by commas": "both values",
    "the word `null`": "field not set",
    "`analytics_methodology`": None,
    "rate limit": None,
    "`…_search_type`": None,
}
# Switches that have nothing to do with each other share a case, because each probe takes a second.
CASES: dict[str, tuple[dict[str, Any], dict[str, str | None]]] = {
    "defaults": ({}, {}),
    "other clocks and edges": (
        {
            "cursor_comparison": "inclusive",
            "cursor_clock": "utc",
            "order_clock": "utc",
            "dates_clock": "utc",
            "end_date": "midnight",
            "updated_date_clock": "local",
            "slash": "redirect_to_no_slash",
        },
        {
            "rows of the cursor's own second": "inclusive",
            "clock compared with the cursor": "utc",
            "clock that sorts the rows": "utc",
            "clock of `start_date`": "utc",
            "clock of `end_date`": "utc",
            "what `end_date` includes": "midnight",
            "clock of `updated_date`": "local",
            "path with and without its slash": "redirect to no slash",
        },
    ),
    "cursor on the other clock than the order": (
        {"cursor": "first", "cursor_clock": "utc", "token_prefix": False},
        {
            "`pagination_timestamp` of an answer": "first",
            "clock compared with the cursor": "utc",
            "token in the login's answer": "without `bearer `",
        },
    ),
    "count of the remaining rows": (
        {"cursor": "neither", "count": "remaining", "updated_at": "some", "login_accepts": "json"},
        {
            "`pagination_timestamp` of an answer": "neither",
            "`count`": "remaining",
            "`updated_at` of a row": "some",
            "body of a login": "JSON only",
            # The rows without `updated_at` lack one field.
            "fields without a value": None,
        },
    ),
    "count of the page": (
        {"cursor": "absent", "count": "page", "vocabulary": "drifted", "valid_until_milliseconds": False},
        {
            "`pagination_timestamp` of an answer": "absent",
            "`count`": "page",
            "values outside the documented lists": "occur",
            "`valid_until` of a token": "without a fraction",
        },
    ),
    "no count": (
        {"cursor": "null", "count": "absent", "fields": "unknown", "slash": "redirect_to_slash"},
        {
            "`pagination_timestamp` of an answer": "null",
            "`count`": "absent",
            "`num_pages`": "absent",
            "undocumented fields": "occur",
            "path with and without its slash": "redirect to slash",
        },
    ),
    "null as count": (
        {"count": "null", "nulls": "omitted", "fields": "sample", "types": "loose"},
        {
            "`count`": "null",
            "`num_pages`": "null",
            "`updated_at` of a row": "absent",
            "fields without a value": "left out",
            "documented fields": None,
        },
    ),
    "count too low": ({"count_lag": 2, "types": "broken"}, {"whether `count` is exact": "too low"}),
    "capped count of the remaining rows": (
        {"count": "remaining", "count_cap": 200, "fields": "sample"},
        {
            "`count`": "remaining",
            "whether `count` is exact": "too low",
            "documented fields": "9 missing",
            "`updated_at` of a row": "absent",
        },
    ),
    # With and without a cursor the count is the same, as a total would be.
    "count of the remaining rows that always meets its cap": (
        {"count": "remaining", "count_cap": 20},
        {"`count`": None, "`num_pages`": "count / limit, rounded up"},
    ),
    "stated cap": (
        {"limit_cap": 50, "limit_echo": "effective", "updated_at": "absent"},
        {
            "most rows on a page": "50",
            "`num_pages`": "count / longest page, rounded up",
            "`updated_at` of a row": "absent",
            "documented fields": "1 missing",
        },
    ),
    "unstated cap": (
        {"limit_cap": 50},
        {"most rows on a page": None, "`num_pages`": "count / longest page, rounded up"},
    ),
    "short pages": ({"short_page_every": 2}, {"short pages before the last": "occur", "most rows on a page": None}),
}
# The points that a case must settle, besides those that it names: its data suffice, whatever is switched.
ALWAYS = {"token in the login's answer", "path with and without its slash", "body of a login"}
# Without switches that hide rows, all points are settled that can be; 700 rows are too few for a full page.
UNREACHED = {"most rows on a page"}


def run_probe(api: Emulator, **options: Any) -> Probe:
    """Probe the emulator's first customer."""
    credentials = {"username": api.username, "password": api.password}
    return probe(
        is_dry_run=False, customer_ids=api.customer_ids, credentials=credentials, base_url=api.base_url, **options
    )


def find_wrong(found: Probe, truth: Mapping[str, str | None]) -> list[str]:
    """Return the settled verdicts that are not true."""
    return [
        f"{verdict.topic}: {verdict.finding} ({verdict.evidence}; {verdict.reason})"
        for verdict in found.verdicts
        if verdict.verdict == "settled" and verdict.finding != truth[verdict.topic]
    ]


@pytest.mark.parametrize("case", CASES)
def test_verdict_is_interpretation_or_undecided(case: str) -> None:
    """Each point that a case names is settled as switched, and none is settled otherwise."""
    switches, changes = CASES[case]
    with running_emulator(interactions=700, customers=1, **switches) as api:
        found = run_probe(api)
        assert found.requests == len(api.requests) <= 60
    assert find_wrong(found, TRUTH | changes) == []
    settled = {verdict.topic for verdict in found.verdicts if verdict.verdict == "settled"}
    expected = {topic for topic, finding in changes.items() if finding} | ALWAYS
    if case in {"defaults", "other clocks and edges"}:
        expected |= {topic for topic, finding in TRUTH.items() if finding} - UNREACHED
    assert expected - settled == set()


@pytest.mark.parametrize(
    ("interactions", "settings", "open_topics"),
    [
        (0, {}, {"rows of the cursor's own second", "presumed spam", "`count`", "documented fields", "lists"}),
        (6, {"days": 5}, {"presumed spam", "`count`", "`updated_at` of a row", "fields without a value"}),
        # Every start is the same on both clocks, so no row can tell them apart; edges can still be settled.
        (
            500,
            {"zones": ("UTC",)},
            {"clock compared with the cursor", "clock of `end_date`", "clock that sorts the rows"},
        ),
        # Hundreds of rows in each second.
        (300, {"ties": 150, "tie_share": 1.0, "days": 30}, {"most rows on a page"}),
        (300, {"zones": ("Australia/Sydney",), "mixed_zones": True}, {"most rows on a page"}),
    ],
    ids=["no rows", "few rows", "utc", "ties", "several zones"],
)
def test_data_that_decide_nothing_leave_it_undecided(
    interactions: int, settings: dict[str, Any], open_topics: set[str]
) -> None:
    """A customer without rows, or with rows that look the same under two interpretations, proves neither."""
    with running_emulator(interactions=interactions, customers=1, **settings) as api:
        found = run_probe(api)
    assert find_wrong(found, TRUTH) == []
    assert open_topics <= {verdict.topic for verdict in found.verdicts if verdict.verdict == "undecided"}


def test_high_limit_is_told_apart_by_full_pages() -> None:
    """With more rows than a page can have, the highest limit is settled, or that there is none at 1000."""
    for cap, finding in ((1000, "1000"), (5000, "not capped at 1000")):
        with running_emulator(interactions=1100, customers=1, limit_cap=cap) as api:
            found = run_probe(api)
        assert find_wrong(found, TRUTH | {"most rows on a page": finding}) == []
        assert finding in {verdict.finding for verdict in found.verdicts}


class Restless:
    """Changes an emulator's rows before each answer."""

    def __init__(self, api: Emulator, rng: random.Random) -> None:
        self._api, self._rng = api, rng
        self._answer, self._rows = api.interactions, [row["id"] for row in api.truth()]

    def __call__(self, pairs: Any) -> Any:
        api, rng = self._api, self._rng
        api.advance(timedelta(minutes=rng.randint(0, 30)))
        if rng.random() < 0.5:
            start = api.now - timedelta(minutes=rng.randint(0, 60 * 24 * 20))
            api.insert(api.customer_ids[0], start_time_tz=f"{start:%Y-%m-%dT%H:%M:%SZ}")
        row = rng.choice(self._rows)
        if rng.random() < 0.3:
            self._rows.remove(row)
            api.remove(row)
        elif rng.random() < 0.5:
            api.change(row, is_spam_likely=rng.random() < 0.5, touch_updated_at=rng.random() < 0.5)
        return self._answer(pairs)


def draw_switches(rng: random.Random) -> dict[str, Any]:
    """Return a combination of switches."""
    values: dict[str, tuple[Any, ...]] = {
        "cursor": ("last", "first", "neither", "absent", "null"),
        "cursor_comparison": ("strict", "inclusive"),
        "cursor_clock": ("local", "utc"),
        "order_clock": ("local", "utc"),
        "short_page_every": (0, 0, 1, 2, 3),
        "short_page_rows": (None, 1, 3, 7),
        "limit_cap": (1000, 1000, 7, 50, 200, 2000),
        "limit_echo": ("requested", "effective"),
        "count": ("total", "remaining", "page", "absent", "null"),
        "count_cap": (None, None, 1, 10, 50, 200),
        "count_lag": (0, 0, 1, 3),
        "dates_clock": ("local", "utc"),
        "end_date": ("day", "midnight"),
        "updated_date_clock": ("local", "utc"),
        "updated_at": ("present", "absent", "some"),
        "nulls": ("present", "omitted"),
        "types": ("documented", "loose", "broken"),
    }
    return {name: rng.choice(choices) for name, choices in values.items()}


def find_truth(switches: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what is true of an emulator with these switches."""
    chosen = Interpretation(**switches)
    is_short, is_low = bool(chosen.short_page_every), bool(chosen.count_cap or chosen.count_lag)
    is_counted = chosen.count not in {"absent", "null"}
    return TRUTH | {
        "`pagination_timestamp` of an answer": chosen.cursor,
        "rows of the cursor's own second": chosen.cursor_comparison,
        "clock compared with the cursor": chosen.cursor_clock,
        "clock that sorts the rows": chosen.order_clock,
        "short pages before the last": "occur" if is_short else None,
        "most rows on a page": "not capped at 1000" if chosen.limit_cap > 1000 else str(chosen.limit_cap),
        "`count`": chosen.count,
        "whether `count` is exact": "too low" if is_low else None,
        "`num_pages`": TRUTH["`num_pages`"] if is_counted else chosen.count,
        "clock of `start_date`": chosen.dates_clock,
        "clock of `end_date`": chosen.dates_clock,
        "what `end_date` includes": chosen.end_date,
        "clock of `updated_date`": chosen.updated_date_clock,
        "`updated_at` of a row": chosen.updated_at,
        "documented fields": "1 missing" if chosen.updated_at == "absent" else "all",
        "fields without a value": "null" if chosen.nulls == "present" else "left out",
        "rate limit": None,
    }


@pytest.mark.slow("interpretations")
@pytest.mark.parametrize("seed", range(40))
def test_no_combination_leads_to_wrong_verdict(seed: int) -> None:
    """Switches at random, with faults, and with rows that come, go and change before each answer."""
    rng = random.Random(seed)
    switches = draw_switches(rng)
    zones = rng.choice([("America/New_York",), ("America/Los_Angeles",), ("UTC",), ("Asia/Kolkata",)])
    settings = {"zones": zones, "mixed_zones": rng.random() < 0.3, "days": rng.choice([1095, 300, 40]), "seed": seed}
    faults = Faults()
    if rng.random() < 0.5:
        kind = rng.choice(["status", "wrong_count", "empty", "no_rows"])
        faults = Faults(
            bursts=(
                Burst(kind=kind, every=rng.choice([5, 7, 11]), after=rng.choice([1, 3]), count_off=rng.choice([-1, 9])),
            )
        )
    with running_emulator(interactions=rng.choice([40, 300, 700, 1200]), customers=1, **settings, **switches) as api:
        api.faults = faults
        if rng.random() < 0.5:
            api.interactions = Restless(api, rng)
        found = run_probe(api)
    truth = find_truth(switches)
    # With a cap or short pages the number of pages follows from the longest page.
    if any("longest page" in verdict.finding for verdict in found.verdicts):
        truth["`num_pages`"] = "count / longest page, rounded up"
    assert find_wrong(found, truth) == []
