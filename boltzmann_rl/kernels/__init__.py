"""Compiled arithmetic, for whoever has Numba (``pip install 'boltzmann-rl[fast]'``). Imported only where used."""
