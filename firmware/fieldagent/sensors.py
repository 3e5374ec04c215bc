"""A person's own sensors: `/sensors.py` on the board registers functions under the names that the configuration uses.

Decides nothing about readings. A sensor returns an integer in the schema's scale (a list for a schema of several
fields), or None when there is nothing to read just now.
"""

_registered = {}


def sensor(name):
    """Decorator: `@sensor("soil")` before a function without arguments that returns a reading."""

    def register(function):
        _registered[name] = function
        return function

    return register


def registered(name):
    """The function registered under a name, or None."""
    return _registered.get(name)
