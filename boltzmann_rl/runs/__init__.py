"""Runs: the plan of an experiment, which consists of cells, and the runner that simulates them."""
