"""Boltzmann exploration in other libraries' agents: one module per library, imported only on request."""
