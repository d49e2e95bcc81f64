"""Arithmetic compiled with Numba (``pip install 'boltzmann-rl[fast]'``); imported only where it is used."""
