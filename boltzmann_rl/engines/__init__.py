"""Engines: what plays an agent on a problem, in readable NumPy or compiled, and what is measured meanwhile."""
