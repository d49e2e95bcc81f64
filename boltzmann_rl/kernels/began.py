"""When this process began to import the package, and from which folder; imported before any other module of it.

Sources that have changed since then may differ from the modules in memory.
"""

import os
import time

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

if "MOMENT" not in globals():  # both stay when this module is reloaded
    # In nanoseconds; and which folder of the disk had this path.
    MOMENT, PLACE = time.time_ns(), os.stat(FOLDER)
