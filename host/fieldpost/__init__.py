"""Fieldpost's host side: the bridge that reconciles signed observations between independent meshes.

Holds the version and nothing else, so that importing the package is free.
"""

__version__ = "0.1.0"
