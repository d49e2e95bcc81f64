"""Workers that end with their parent, however it ends."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h
_SECONDS_BETWEEN_LOOKS = 0.2


def end_with(parent: int) -> None:
    """End this process when its parent ends, also by SIGKILL, and also if that has happened already.

    On Linux the kernel kills this process at the end of the thread that started it, even while this process holds the
    interpreter lock. Elsewhere a thread of this process watches, which needs the lock now and then.

    Args:
        parent: Process id of the parent. It comes from the parent: after the parent's death ``os.getppid()`` is
            another's, so that comparing it with itself would notice nothing.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    if not (sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) == 0):
        threading.Thread(target=_watch, args=(parent,), name="boltzmann_rl watch", daemon=True).start()
    if os.getppid() != parent:  # it ended before the kernel or the thread watched
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
