"""Runs: the plan of an experiment, cell by cell, and the runner that works through it."""
