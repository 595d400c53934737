"""The invented leads and their marketing touches. Nobody here exists: numbers are 555-01xx, addresses example.com."""

from random import Random
from typing import Any

from liine_source.emulator.synthetic.customers import Customer

Fields = dict[str, Any]

# Several scripts, quotes, commas and an emoji: names that break a careless encoder or CSV writer.
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

# Some channels differ only in case, because people type them. One campaign is the text "null", which a filter must
# not confuse with a missing value.
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


class TouchPool:
    """A pool of first and last touches that all leads of one customer share."""

    def __init__(self, customer: Customer, rng: Random) -> None:
        # 120 dictionaries, merged as they are, take far less time and memory than a new touch per lead.
        self._touches = [self._create_touch(customer, rng) for _ in range(120)]
        self.initial = [{f"initial_{name}": value for name, value in touch.items()} for touch in self._touches]
        self.last_touch = [{f"last_touch_{name}": value for name, value in touch.items()} for touch in self._touches]

    def pick(self, rng: Random) -> tuple[Fields, str]:
        """Return the touch fields of a new lead, and the location of its last touch."""
        first = int(rng.random() * len(self.initial))
        last = first if rng.random() < 0.7 else int(rng.random() * len(self.initial))
        fields = self.initial[first] | self.last_touch[last]
        if rng.random() < 0.05:
            fields |= {"initial_session_extras": create_extras(rng), "last_touch_session_extras": create_extras(rng)}
        return fields, fields["last_touch_location"]

    def pick_last_touch(self, rng: Random, location: str) -> Fields:
        """Return the last touch of a lead who comes back to the same location."""
        touch = rng.choice(self.last_touch)
        return touch | {"last_touch_location": location}

    @staticmethod
    def _create_touch(customer: Customer, rng: Random) -> Fields:
        channel, source, medium, campaign, referrer = rng.choice(_CHANNELS)
        is_tagged = source is not None
        return {
            "marketing_channel": channel,
            "location": rng.choice(customer.locations),
            "division": rng.choice((*customer.divisions, None)) if customer.has_divisions else None,
            "keyword": rng.choice(_KEYWORDS) if is_tagged else None,
            "landing_url": f"https://www.example.com/{customer.customer_id}/{rng.choice(_PAGES)}",
            "referrer_url": referrer,
            "utm_source": source,
            "utm_medium": medium,
            "utm_campaign": campaign,
            "utm_content": rng.choice(_CONTENTS) if is_tagged else None,
            "session_extras": create_extras(rng) if rng.random() < 0.1 else None,
        }


def create_extras(rng: Random) -> Fields:
    """Invent free-form metadata: texts, numbers, booleans, null and nested values under varying keys."""
    choices: Fields = {
        "gclid": f"TeSt-{rng.getrandbits(48):x}",
        "page_views": rng.randint(1, 40),
        "scroll_depth": rng.random(),
        "consent": rng.random() < 0.5,
        "experiment": {"name": "hero - ü", "arms": ["a", "b"]},
        "coupon": None,
        "User Agent (raw)": 'Mozilla/5.0 "emulated"',
    }
    return {name: choices[name] for name in rng.sample(sorted(choices), rng.randint(0, 4))}


def create_person(rng: Random, number: int) -> Fields:
    """Invent a name, phone number, town and e-mail address; each of them may be missing."""
    city, state = _CITIES[int(rng.random() * len(_CITIES))] if rng.random() < 0.6 else (None, None)
    first = _FIRST_NAMES[int(rng.random() * len(_FIRST_NAMES))]
    last = _LAST_NAMES[int(rng.random() * len(_LAST_NAMES))]
    return {
        "name": f"{first} {last}" if rng.random() < 0.9 else None,
        "phone_number": create_phone_number(rng) if rng.random() < 0.98 else "Unknown",
        "city": city,
        "state": state,
        "email": f"lead{number}@example.com" if rng.random() < 0.5 else None,
    }


def create_phone_number(rng: Random) -> str:
    """Invent a number with country code from the range reserved for fiction."""
    return f"1{200 + int(rng.random() * 800)}55501{int(rng.random() * 100):02d}"


def create_session(rng: Random) -> Fields:
    """Invent the identifiers of a website visit; half the leads have none."""
    if rng.random() < 0.5:
        return {}
    return {
        "session_guid": _format_guid(rng.getrandbits(128)),
        "attribution_session_guid": _format_guid(rng.getrandbits(128)),
        "google_analytics_client_id": f"{rng.getrandbits(30)}.{rng.getrandbits(30)}" if rng.random() < 0.3 else None,
    }


def _format_guid(bits: int) -> str:
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
