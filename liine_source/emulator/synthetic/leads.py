"""The persons and the visits that the emulator invents. Nobody here exists: 555-01xx numbers, example.com."""

from random import Random
from typing import Any

from liine_source.emulator.synthetic.customers import Customer

Fields = dict[str, Any]

_FIRST_NAMES = (
    "Testa", "Zoë", "Łukasz", "Nobody", "Fixtura", "Søren", "Mocka", "Ñandú", "Exempla", "Jürgen", "架空", "Þóra",
    "Вымышлен", "Dummy", "Aoife", "Placeholdra",
)  # fmt: skip
_LAST_NAMES = (
    "O'Mockery", "Sampleton-Ünreal", "Fictív", "Nowhere", "例", "Testov", "Invented", "Šablona", "Factice 🦷", "Nil",
    "Example, Jr.", "Doesn't-Exist", "Ersatz", "Prøve",
)  # fmt: skip
_CITIES = (
    ("Testville", "NC"), ("Mockham", "CA"), ("Port Fixture", "NSW"), ("Exempel-sur-Mer", "QC"), ("Dummy Lake", "IL"),
)  # fmt: skip

# Channels differ in case and blanks, as they do where people type them.
_CHANNELS = (
    ("Google Organic", "google", "organic", None, "https://www.google.com/"),
    ("Google Ads", "google", "cpc", "Spring - Été", "https://www.google.com/"),
    ("Facebook", "facebook", "paid_social", "retarget_30d", "https://l.facebook.com/l.php?u=x"),
    ("GBP / Organic", "gbp", "organic", None, "https://maps.google.com/"),
    ("gbp / organic", "gbp", "organic", None, "https://maps.google.com/"),
    ("Direct", None, None, None, None),
    ("Referral", "partner", "referral", "null", "https://partner.example.com/liens?a=1&b=2"),
)
_KEYWORDS = ("implant near me", "Botox Preis", "invisalign cost", "fertilité", None, None)
_PAGES = ("", "services/implants", "Offers?gclid=TeSt&utm_term=a+b", "kontakt/über-uns")
_CONTENTS = ("hero-A", "hero-B", None)


class Visits:
    """The first and newest touches of one customer's leads; the same few are shared by all of them."""

    def __init__(self, customer: Customer, dice: Random) -> None:
        self._touches = [self._touch(customer, dice) for _ in range(120)]
        self.initial = [{f"initial_{name}": value for name, value in touch.items()} for touch in self._touches]
        self.last_touch = [{f"last_touch_{name}": value for name, value in touch.items()} for touch in self._touches]

    def pick(self, dice: Random) -> tuple[Fields, str]:
        """The touch fields of a new lead, and the location they are at."""
        first = int(dice.random() * len(self.initial))
        newest = first if dice.random() < 0.7 else int(dice.random() * len(self.initial))
        fields = self.initial[first] | self.last_touch[newest]
        if dice.random() < 0.05:
            fields |= {"initial_session_extras": extras(dice), "last_touch_session_extras": extras(dice)}
        return fields, fields["last_touch_location"]

    def newest(self, dice: Random, location: str) -> Fields:
        """The newest touch of a lead who comes back, at the same location."""
        touch = dice.choice(self.last_touch)
        return touch | {"last_touch_location": location}

    @staticmethod
    def _touch(customer: Customer, dice: Random) -> Fields:
        channel, source, medium, campaign, referrer = dice.choice(_CHANNELS)
        is_tagged = source is not None
        return {
            "marketing_channel": channel,
            "location": dice.choice(customer.locations),
            "division": dice.choice((*customer.divisions, None)) if customer.has_divisions else None,
            "keyword": dice.choice(_KEYWORDS) if is_tagged else None,
            "landing_url": f"https://www.example.com/{customer.customer_id}/{dice.choice(_PAGES)}",
            "referrer_url": referrer,
            "utm_source": source,
            "utm_medium": medium,
            "utm_campaign": campaign,
            "utm_content": dice.choice(_CONTENTS) if is_tagged else None,
            "session_extras": extras(dice) if dice.random() < 0.1 else None,
        }


def extras(dice: Random) -> Fields:
    """Free-form metadata: texts, numbers, booleans, null and nested values under keys that differ."""
    every: Fields = {
        "gclid": f"TeSt-{dice.getrandbits(48):x}",
        "page_views": dice.randint(1, 40),
        "scroll_depth": dice.random(),
        "consent": dice.random() < 0.5,
        "experiment": {"name": "hero - ü", "arms": ["a", "b"]},
        "coupon": None,
        "User Agent (raw)": 'Mozilla/5.0 "emulated"',
    }
    return {name: every[name] for name in dice.sample(sorted(every), dice.randint(0, 4))}


def person(dice: Random, number: int) -> Fields:
    """Name, phone, place and e-mail of somebody who does not exist; each may be unknown."""
    city, state = _CITIES[int(dice.random() * len(_CITIES))] if dice.random() < 0.6 else (None, None)
    first = _FIRST_NAMES[int(dice.random() * len(_FIRST_NAMES))]
    last = _LAST_NAMES[int(dice.random() * len(_LAST_NAMES))]
    return {
        "name": f"{first} {last}" if dice.random() < 0.9 else None,
        "phone_number": fictional_number(dice) if dice.random() < 0.98 else "Unknown",
        "city": city,
        "state": state,
        "email": f"lead{number}@example.com" if dice.random() < 0.5 else None,
    }


def fictional_number(dice: Random) -> str:
    """A number of the range that is kept free for fiction, with country code."""
    return f"1{200 + int(dice.random() * 800)}55501{int(dice.random() * 100):02d}"


def session(dice: Random) -> Fields:
    """The identifiers of one visit to a web page; half the leads have none."""
    if dice.random() < 0.5:
        return {}
    return {
        "session_guid": _guid(dice.getrandbits(128)),
        "attribution_session_guid": _guid(dice.getrandbits(128)),
        "google_analytics_client_id": f"{dice.getrandbits(30)}.{dice.getrandbits(30)}" if dice.random() < 0.3 else None,
    }


def _guid(bits: int) -> str:
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
