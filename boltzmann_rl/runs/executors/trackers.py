"""The processes that clean up shared memory for loky and multiprocessing."""

import signal
import sys


def start_trackers() -> None:
    """Start them, so that they clean up in silence and leave this thread's signals as they are.

    Workers are killed here, also in good order; trackers warn of what they leave, and with ``-W error`` they would fail
    at the first. That of multiprocessing unblocks interrupts in the thread that starts it, in Python 3.11.
    """
    from loky.backend import resource_tracker

    options = sys.warnoptions[:]
    sys.warnoptions[:] = ["ignore"]  # which they are given on their command lines
    try:
        resource_tracker.ensure_running()
        if hasattr(signal, "pthread_sigmask"):
            from multiprocessing import resource_tracker as other

            other.ensure_running()
    finally:
        sys.warnoptions[:] = options
