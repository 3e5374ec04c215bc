"""Rates of several functions measured in turns, so that a machine that slows down slows them all alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls a CPU-second by name (the median of the rounds), calls made, and CPU-seconds spent."""

    per_s: dict[str, float]
    calls: int
    seconds: float


def measured_rates(functions: dict[str, Callable[[], object]], round_s: float = 0.1) -> Rates:
    """Calls each function for about `round_s` CPU-seconds a round, in turns."""
    batches = {name: batch_size(function, round_s) for name, function in functions.items()}
    samples: dict[str, list[float]] = {name: [] for name in functions}
    calls, spent_s = 0, 0.0
    for _ in range(ROUNDS):
        for name, function in functions.items():
            took_s = seconds_for(function, batches[name])
            samples[name].append(batches[name] / took_s)
            calls += batches[name]
            spent_s += took_s
    return Rates({name: statistics.median(rates) for name, rates in samples.items()}, calls, spent_s)


def seconds_for(function: Callable[[], object], calls: int) -> float:
    began_s = time.process_time()
    for _ in range(calls):
        function()
    return max(time.process_time() - began_s, 1e-9)


def batch_size(function: Callable[[], object], round_s: float) -> int:
    """How many calls fill a round."""
    calls = 1
    while (took_s := seconds_for(function, calls)) < round_s / 10:
        calls *= 2
    return max(1, int(calls * round_s / took_s))
