"""Boltzmann exploration in other libraries' agents: one file a library, imported only by whoever names it."""
