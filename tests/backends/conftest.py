"""Fixtures of the tests of the backends, which need JAX or PyTorch."""

import pytest
from libraries import LIBRARIES


@pytest.fixture(params=sorted(LIBRARIES))
def library(request):
    return LIBRARIES[request.param]()
