"""Blocks as bytes."""

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.runs.records import decoded, encoded

numbers = st.floats(width=64)


@st.composite
def blocks(draw):
    def part(*shape):
        return draw(arrays(np.float64, shape, elements=numbers))

    length, runs, windows = (draw(st.integers(0, 5)) for _ in range(3))
    names = draw(st.lists(st.text(max_size=5), unique=True, max_size=3))
    return Block(
        {name: Moments(runs, part(length), part(length)) for name in names},
        {name: part(runs) for name in names[:2]},
        {name: part(runs, windows) for name in names},
        part(draw(st.integers(0, 4)), 3),
    )


def numbers_of(block):
    curves = {name: (m.samples, m.mean.tobytes(), m.squares.tobytes()) for name, m in block.curves.items()}
    others = [{name: (x.shape, x.tobytes()) for name, x in part.items()} for part in (block.totals, block.windows)]
    return curves, *others, block.ranks.shape, block.ranks.tobytes()


@given(blocks())
@settings(deadline=None)
def test_a_block_is_the_same_to_the_last_bit_after_its_bytes(block):
    again = decoded(encoded(block))
    assert numbers_of(again) == numbers_of(block)
    assert encoded(again) == encoded(block)


BLOCK = Block(
    {"reward": Moments(2, np.ones(3), np.zeros(3))},
    {"reward": np.ones(2)},
    {"reward": np.ones((2, 1))},
    np.ones((1, 2)),
)


@in_one_test(
    "content",
    [
        b"",
        b"\n",
        b"[]\n",
        b"{}\n",
        encoded(BLOCK)[:-1],
        encoded(BLOCK) + b"\0",
        encoded(BLOCK).replace(b'"ranks":[1,2]', b'"ranks":[1,-2]'),
        encoded(BLOCK).replace(b'"ranks":[1,2]', b'"ranks":[1,2.0]'),
        encoded(BLOCK).replace(b'"ranks":[1,2]', b'"ranks":[1,true]'),
        encoded(BLOCK).replace(b'"ranks":[1,2]', b'"ranks":[2]'),
        encoded(BLOCK).replace(b'"samples":{"reward":2}', b'"samples":{}'),
        encoded(BLOCK).replace(b'"curves":{"reward":3}', b'"curves":{"reward":1000000000000000000000}'),
        encoded(BLOCK).replace(b'"curves":{"reward":3}', b'"curves":[3]'),
    ],
)
def test_bytes_that_are_no_block_are_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011
        decoded(content)
