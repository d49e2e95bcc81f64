"""These files are read by type checkers, in `tests/test_typing.py`: none is imported."""

collect_ignore = ["right.py", "wrong.py"]
