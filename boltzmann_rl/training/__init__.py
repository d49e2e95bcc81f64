"""Training: an agent that acts and learns in an environment or a vector of them."""
