"""Benchmarks for asv: see `asv.conf.json` in the folder above."""
