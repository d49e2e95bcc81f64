"""Executors: where work is done, in this process, in its threads, in other processes, or on a dask or ray cluster."""
