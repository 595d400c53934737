"""Datasets that a pipeline of one's own has loaded: `verify` finds lost child rows and values without an inventory."""

from datetime import timedelta
from typing import Any

import pytest

from liine_source import build_pipeline, liine, verify
from liine_source.emulator import Emulator, running_emulator
from liine_source.verification import contents
from tests.commands.test_sync import settings
from tests.support.warehouse import Place, differences, spoil

FIRST_IDS = "(select id from liine.interactions order by id limit 5)"
SOME_PROVIDERS = f"delete from liine.interactions__provider_names where interaction_id in {FIRST_IDS}"  # noqa: S608  ours
LOSSES = {
    "interactions__provider_names": [SOME_PROVIDERS],
    "interactions__session_extras": ["delete from liine.interactions__session_extras"],
    "interactions.outcome": [f"update liine.interactions set outcome = null where id in {FIRST_IDS}"],  # noqa: S608  ours
    "interactions.mood": [
        "alter table liine.interactions drop column mood",
        "alter table liine.interactions add mood varchar",
    ],
}


def run_own_pipeline(api: Emulator, **others: Any) -> None:
    build_pipeline().run(liine(**settings(api, **others)))


@pytest.mark.parametrize(
    ("warehouse", "losses"),
    [
        ("duckdb", ["interactions__provider_names"]),
        pytest.param("duckdb", [*LOSSES], marks=pytest.mark.slow("faults")),
        pytest.param("postgres", [*LOSSES], marks=pytest.mark.slow("faults")),
        pytest.param("snowflake", ["interactions__provider_names"], marks=pytest.mark.slow("snowflake")),
    ],
    indirect=["warehouse"],
)
def test_verify_finds_and_repairs_losses_without_inventory(warehouse: Place, losses: list[str]) -> None:
    """Each loss is named with both numbers; a repair brings the rows back, and no other run hides it."""
    with running_emulator(interactions=60, customers=2, seed=4) as api:
        for row in api.truth():
            api.change(row["id"], mood="good")
        run_own_pipeline(api)
        for name in losses:
            for statement in LOSSES[name]:
                spoil(warehouse, statement)
            for _ in range(2):
                found = [str(loss) for customer in verify(**settings(api)) for loss in customer.lost]
                assert [loss for loss in found if loss.startswith(f"{name}: ") and " in the API, " in loss], name
                assert not all(customer.is_complete for customer in verify(**settings(api)))
            assert all(customer.is_complete for customer in verify(repair=True, **settings(api))), name
            assert differences(warehouse, api.truth()) == [], name
            # Without the inventory that the repair has stored.
            spoil(warehouse, "drop table liine._liine_inventory")
        assert all(customer.is_complete and not customer.lost for customer in verify(**settings(api)))


@pytest.mark.parametrize("personal_data", ["keep", pytest.param("drop", marks=pytest.mark.slow("privacy"))])
def test_verify_finds_nothing_where_nothing_is_lost(monkeypatch: pytest.MonkeyPatch, personal_data: str) -> None:
    """Odd or masked values and rows changed since the load are no losses; a verified customer is not read again."""
    with running_emulator(interactions=150, customers=2, types="broken") as api:
        run_own_pipeline(api, personal_data=personal_data)
        first, second = api.customer_ids
        # It is stale, so its customer has to be loaded again first.
        api.change(api.truth(first)[0]["id"], agent=None, provider_names=[])
        chosen = settings(api, personal_data=personal_data)
        compared: list[int] = []

        def compare(_: Any, reader: Any, customer_id: int) -> list[Any]:
            compared.append(customer_id)
            return compare_contents(_, reader, customer_id)

        compare_contents = contents.compare_contents
        monkeypatch.setattr(contents, "compare_contents", compare)
        for expected in ([second], []):
            compared.clear()
            assert [customer.lost for customer in verify(**chosen)] == [[], []]
            assert compared == expected
        # Another pipeline loads rows again.
        api.advance(timedelta(days=5))
        run_own_pipeline(api, personal_data=personal_data)
        assert [customer.lost for customer in verify(**chosen)] == [[], []]
        assert compared == [first, second]
