"""The figures of the area `device`, one noun a module with `lines(seed) -> Iterator[Line]`, and what they run.

Each module decides how its figure is measured and which goal it has; which figures there are is decided by the area.
"""
