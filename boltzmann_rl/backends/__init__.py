"""The same declarations in JAX and PyTorch: ``boltzmann_rl.backends.jax`` and ``boltzmann_rl.backends.torch``.

Both have the same pure functions: ``probabilities``, ``act``, ``log_probability``, ``entropy`` and others of a policy,
and ``softmax``, ``log_softmax``, ``logsumexp`` and ``mellowmax`` of values. They compile, map, scan and differentiate.
Each formula is written once, over an arithmetic that the backend hands in; this package imports neither library.
"""
