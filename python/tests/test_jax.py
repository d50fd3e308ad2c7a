"""jax arrays: on the CPU, and on a GPU where jax sees one."""
import numpy as np
import pytest
from hypothesis import given, settings

jax = pytest.importorskip("jax")

import calls
import nsameta
from problems import problems


def make(values, dtype):
    with jax.enable_x64(True):
        return jax.block_until_ready(jax.device_put(np.array(values, dtype)))


def back(array):
    with jax.enable_x64(True):  # else int64 becomes int32 on the way
        return np.from_dlpack(jax.device_put(array, jax.devices("cpu")[0]))


@settings(deadline=None, max_examples=50)
@given(problems())
def test_matches_the_definition(problem):
    calls.run(problem, make, back=back)


@pytest.mark.parametrize("trace", [jax.jit, jax.vmap])
def test_traced_arrays_are_refused(trace):
    with pytest.raises(ValueError, match="seq_lens is traced .*, so that it has no memory"):
        trace(lambda lengths: nsameta.fill("decode", lengths))(jax.numpy.ones((2, 3), "int32"))


def test_inputs_that_nobody_waited_for():
    lengths = jax.numpy.arange(100_000, dtype="int32") + 1
    out = np.zeros(100_000, np.int32) if jax.default_backend() == "cpu" else make(np.zeros(100_000), "int32")
    nsameta.fill("decode", lengths, cache_seqlens=out)
    assert (np.asarray(out) == np.arange(1, 100_001)).all()
