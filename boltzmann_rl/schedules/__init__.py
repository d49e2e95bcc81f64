"""Schedules: a schedule is any callable ``step -> value``, and these are the usual ones.

``step`` counts the decisions made so far, from 0: a number or an array of any shape, evaluated elementwise. Schedules
have no state. Each is a frozen dataclass: its repr is the call that makes it, and it compares, hashes and pickles. For
several environments, numbers such as ``start`` and ``end`` may be lists, tuples or arrays with one per row; the
schedule then returns one value per row, for one step of all rows or one step each.
"""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
