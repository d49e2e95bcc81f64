"""Bandits: problems of one state, whose arms pay rewards."""
