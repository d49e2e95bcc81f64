"""Gymnasium environments as a table or linear values see them."""
