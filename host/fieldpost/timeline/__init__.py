"""Temporal reconciliation: a bound that is proved, an order with its reason, a liar that is named.

Pure functions of (exchanges, causal edges, assumptions). No clock is canonical: an interval bounds the true
time elapsed since a named anchor stamp, in integer nanoseconds rounded outward, so that two parties who
hold the same evidence compute the same integers. What a claim of UTC is worth is decided in `utc`; it never
moves a bound here.
"""

ENGINE = "timeline/1"
