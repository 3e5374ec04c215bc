"""Measurements: `make bench` runs every area, prints a table and renews build/bench.json.

An area is a module of `fieldpost.bench.areas` with `measure(seed) -> Iterator[Line]`. The harness decides how
a line is kept and shown; an area decides what is measured, beside which references, in the same run. Values
are ratios where they can be: a rate says as much of the machine as of the code.
"""
