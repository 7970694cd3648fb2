"""The proof notices what is broken."""

import random
from collections import Counter
from itertools import islice

from adf_proof.exhaustive import exhaustive
from adf_proof.mutation import Fate, edges_changed, fate, fate_of, mutants
from adf_proof.subject import subject_of_shape
from tests.adf_proof.drawing import drawn

MUTANTS = 16
USUAL = (
    "a; b <- a; c(one_failed) <- a, b",
    "a(branch); b <- a; c <- a; d(none_failed_min_one_success) <- b, c",
    "a(skips); b(all_done) <- a; c <- a, b",
)


def test_no_table_can_be_broken_unnoticed() -> None:
    # DAGs that use a rule are looked at in the same order for each mutant.
    shapes = (*exhaustive(2), *exhaustive(3, sample=1500, seed=5))
    fates = {one.name: fate(one, shapes) for one in islice(mutants(random.Random(1)), MUTANTS)}
    assert Fate.SURVIVED not in fates.values(), fates
    assert Counter(fates.values())[Fate.KILLED] >= MUTANTS / 2, fates


def test_no_dependency_can_be_changed_unnoticed() -> None:
    fates: Counter[Fate] = Counter()
    for text in USUAL:
        subject = subject_of_shape(drawn(text))
        fates.update(fate_of(changed, subject) for changed in edges_changed(subject))
    assert not fates[Fate.SURVIVED], fates
    assert fates[Fate.KILLED] > 5 * fates[Fate.EQUIVALENT], fates
