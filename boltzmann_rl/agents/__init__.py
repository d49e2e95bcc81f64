"""Agents: a learner and a policy side by side, and the published ones that have names."""
