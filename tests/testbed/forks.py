"""Processes that begin with everything loaded, so that hundreds of them may be begun and killed."""

import multiprocessing
from multiprocessing.context import ForkServerContext


def loaded() -> ForkServerContext:
    """How to begin them; the server they are forked from is one for all tests."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.testbed.loaded"])
    return context
