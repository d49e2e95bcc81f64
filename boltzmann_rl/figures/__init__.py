"""Figures, as functions of tables."""
