"""Random templates rendered by Airflow, and their expressions evaluated, give equal values."""

import random
from typing import Any

import pytest

from adf_export.diagnostics import Diagnostic, Refusal
from adf_export.ir.values import Template
from adf_export.templating.templates import lower_template
from tests.adf_export.templating.random_templates import template
from tests.adf_export.templating.world import random_run, scope, value_of

TEMPLATES = 200
RUNS = 8
# Of the random templates: so many are refused at most, or the test says nothing.
MOST_REFUSED = 0.1


@pytest.fixture(scope="module")
def environment() -> Any:
    from tests.adf_export.templating.airflow_side import environment

    return environment(native=False)


def test_they_render_alike(environment: Any) -> None:
    refused = 0
    for seed in range(TEMPLATES):
        chance = random.Random(seed)
        text = template(chance, 3)
        reported: list[Diagnostic] = []
        try:
            value = lower_template(Template(text=text), scope(reported))
        except Refusal:
            refused += 1
            continue
        if not reported:
            _compare(text, value, environment, chance)
    assert refused <= MOST_REFUSED * TEMPLATES


def _compare(text: str, value: Any, environment: Any, chance: random.Random) -> None:
    from tests.adf_export.templating.airflow_side import render

    for _ in range(RUNS):
        run = random_run(chance)
        try:
            wanted = render(text, environment, run, native=False)
        except Exception:
            # A task that fails in Airflow: what it does in Data Factory is not promised.
            continue
        assert value_of(value, run) == wanted, text
