"""Decisions: from a policy and values to an action, by arrays, plain floats or machine code."""
