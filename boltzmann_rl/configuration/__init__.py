"""Declarations as plain dictionaries, which JSON, YAML and links can hold.

`to_dict` writes a policy, schedule, learner, bandit, agent, environment, metric or experiment as named fields,
`from_dict` makes the same declaration of them, and `read` does so of a YAML or JSON file. Only classes of this package
and classes that the caller hands in can be made: nothing in a dictionary is imported, evaluated or unpickled.

The form, by an example::

    {
        "boltzmann_rl": 1,
        "class": "Boltzmann",
        "temperature": {"class": "Exponential", "start": 1.0, "end": 0.05, "steps": 500, "decay": None},
    }

- ``boltzmann_rl`` is the version of the form. It stands once, at the top.
- A mapping with ``class`` is a declaration with these fields. Fields with defaults may be left out; `to_dict` writes
  them all, so that a dictionary keeps its meaning if a default changes.
- Numbers, text, truth values and None are themselves. A list is a tuple, since declarations hold tuples; any other
  mapping is one from labels.
- What JSON lacks has a class in lower case: ``{"class": "float", "value": "inf"}`` (or ``"-inf"``, ``"nan"``),
  ``{"class": "list", "items": […]}``, and ``{"class": "dict", "items": [[key, value], …]}`` for keys that are not text.
  Where a file can hold an infinite number or such keys, as YAML does, they may stand as they are.
"""

from boltzmann_rl.configuration.files import read
from boltzmann_rl.configuration.reading import from_dict
from boltzmann_rl.configuration.writing import to_dict

__all__ = ["from_dict", "read", "to_dict"]
