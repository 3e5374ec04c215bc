"""The one error of a build: what cannot be built names the thing, the cause and the remedy."""


class BuildError(Exception):
    """Nothing was built; the message is for a person."""
