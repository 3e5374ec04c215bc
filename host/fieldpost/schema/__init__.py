"""Numbered SQL files: the store's shape, one step a file, applied in order."""
