"""Which of several answers about one moment silver keeps does not depend on their order or batching."""

import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from crypto_lakehouse.transforms import newest
from tests.spark.rows import INGESTED, observation, observations

ANSWERS = st.lists(
    st.builds(
        lambda moment, age, file, price, volume: observation(
            f"2021-05-15T0{moment}:00:00",
            price,
            total_volume=volume,
            source_file=f"{file}.json",
            file_modified_at=INGESTED - timedelta(hours=age),
        ),
        moment=st.integers(0, 2),
        age=st.integers(0, 2),
        file=st.sampled_from("ab"),
        price=st.sampled_from([1.0, 2.0]),
        volume=st.sampled_from([None, 5.0]),
    ),
    min_size=2,
    max_size=8,
)


@given(answers=ANSWERS, seed=st.integers(0, 9), cut=st.floats(0, 1))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_in_any_batches_gives_the_same_rows(
    spark: SparkSession, answers: list[dict[str, object]], seed: int, cut: float
) -> None:
    shuffled = random.Random(seed).sample(answers, len(answers))
    first, second = shuffled[: int(cut * len(answers))], shuffled[int(cut * len(answers)) :]
    stored = newest(observations(spark, *first))
    merged = newest(stored.unionByName(observations(spark, *second)))
    assert sorted(map(str, merged.collect())) == sorted(map(str, newest(observations(spark, *answers)).collect()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"file_modified_at": INGESTED - timedelta(hours=1), "source_file": "z"}, {"source_file": "a"}),
        ({"source_file": "a"}, {"source_file": "b"}),
        ({"price": 1.0}, {"price": 2.0}),
        ({"market_cap": None}, {"market_cap": 1.0}),
    ],
    ids=["later file", "same time: later name", "same file: higher price", "a number beats a null"],
)
def test_newness(spark: SparkSession, old: dict[str, object], new: dict[str, object]) -> None:
    rows = [observation("2021-05-15T00:00:00", 1.0) | change for change in (new, old)]
    kept = newest(observations(spark, *rows)).collect()
    assert len(kept) == 1
    assert {name: kept[0][name] for name in new} == new
