"""Experiments: frozen, seeded declarations of problems × agents."""
