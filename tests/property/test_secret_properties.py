"""No marked secret is printed, whatever the documents, the verb and the format.

A larger run: `MARKED_SEEDS=10000 pytest -n 2 tests/property/test_secret_properties.py`.
"""

import os
from pathlib import Path
from random import Random

import pytest
from marked_secrets import MARK, files, outputs, write

BATCHES = 8
SEEDS = int(os.environ.get("MARKED_SEEDS", "24"))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_verb_prints_a_marked_secret(batch: int, tmp_path: Path) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        random, root = Random(seed), tmp_path / str(seed)
        write(root, files(random), random)
        for verb, code, text in outputs(root):
            assert MARK not in text.lower(), (seed, verb)
            assert code != 3, (seed, verb)
