"""The queries of the report: what they may ask for."""

import inspect
import re
from pathlib import Path

import yaml

from liine_source.warehouse import marts

MODELS = Path(__file__).parents[2] / "dbt" / "models"


def test_no_query_names_a_personal_column() -> None:
    """Neither a column that identifies a person nor one that singles out a person, of any model."""
    personal = {
        column["name"]
        for file in MODELS.rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ())
        for column in model.get("columns", ())
        if column.get("config", {}).get("meta", {}).get("personal_data") in {"direct", "indirect"}
    }
    assert {"lead_name", "phone_number", "lead_id", "first_keyword"} <= personal
    assert personal & set(re.findall(r"\w+", inspect.getsource(marts))) == set()


def test_no_query_returns_a_key_or_an_id_of_a_person() -> None:
    """What a query groups by is a name, a day, an hour or an agent; the rest are sums."""
    for name, sql in vars(marts).items():
        if isinstance(sql, str) and "group by" in sql:
            returned = sql.partition("from fct")[0].partition("from (")[0]
            assert not re.search(r"lead_key|patient|interaction_id", returned), name
