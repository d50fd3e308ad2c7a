"""cupy arrays, which are on a GPU always."""
import numpy as np
import pytest
from hypothesis import given, settings

cupy = pytest.importorskip("cupy")
if not cupy.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)

import calls
import nsameta
from problems import problems


@settings(deadline=None, max_examples=50)
@given(problems())
def test_matches_the_definition(problem):
    calls.run(problem, lambda values, dtype: cupy.asarray(np.array(values, dtype)), back=cupy.asnumpy)


def test_follows_the_current_stream():
    lengths, out = cupy.ones(1000, "int32"), cupy.zeros(1000, "int32")
    cupy.cuda.Device().synchronize()
    with cupy.cuda.Stream(non_blocking=True) as stream:
        large = cupy.ones((8000, 8000), "float32")
        for _ in range(8):
            large = large @ large * 0  # keeps the stream busy: on any other one the fill would read the old lengths
        lengths += 6
        nsameta.fill("decode", lengths, cache_seqlens=out)
        stream.synchronize()
    assert (out == 7).all()
