"""The table of ad spend that the marts are built with."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.marts.interactions import Row, campaign_values

# Rows of the table of ad spend in every build.
AD_SPEND: tuple[Row, ...] = tuple(
    dict(
        zip(
            ("spend_date", "customer_id", "channel", "utm_source", "utm_medium", "utm_campaign", "cost"),
            row,
            strict=True,
        )
    )
    for row in (
        (date(2025, 3, 1), 1001, "Google Ads", None, None, None, Decimal("120.50")),
        (date(2025, 3, 31), 1001, "google\u00a0ADS", None, None, None, Decimal("79.49")),
        (date(2023, 3, 9), 1001, None, "google", "cpc", "Spring - Été", Decimal("200.01")),
        (date(2025, 11, 3), 1001, "Google Ads", "google", "cpc", "brand", Decimal("1000.01")),
        (date(2025, 11, 4), 1001, "Google Ads", "google", "cpc", None, Decimal("-10.01")),
        (date(2025, 3, 4), 1002, "Email", None, None, "spring", Decimal("33.33")),
        (date(2025, 3, 5), 1002, None, "a:b", "c", None, Decimal("7.77")),
        (date(2025, 3, 5), 1002, " ", None, None, "spring", Decimal("0.01")),
        (date(2025, 2, 5), 1002, "Direct", None, None, None, Decimal(50)),
        (date(2025, 3, 5), 1004, "Direct", None, None, None, Decimal(12)),
        (date(2025, 3, 6), 1004, " Sky  Writing", None, None, None, Decimal(700)),
        (date(2025, 3, 5), 7777, "Direct", None, None, None, Decimal(12)),
        (date(2025, 3, 5), None, "Direct", None, None, None, Decimal(12)),
        (date(2025, 3, 5), 1003, "Direct", None, None, None, None),
    )
)


def spend_campaign(row: Row) -> tuple[Any, ...] | None:
    """The customer and the three UTM values of a row of ad spend."""
    return campaign_values({f"ad_{name}": value for name, value in row.items()} | row, "ad")
