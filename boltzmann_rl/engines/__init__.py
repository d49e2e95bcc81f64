"""Engines that simulate an agent on a problem, in readable NumPy or compiled, and the metrics that they record."""
