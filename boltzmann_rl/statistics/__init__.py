"""Statistics: confidence intervals, and comparisons of agents over paired runs."""
