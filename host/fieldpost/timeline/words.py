"""A placement's evidence in words, for people. Decides nothing."""

from fieldpost.timeline.bounds import Step
from fieldpost.timeline.decimals import seconds
from fieldpost.timeline.evidence import Device, Exchange, Interval, Stamp, device_key

ENDS = 3  # steps told at either end of a long path
NAMED_MAX = 6  # devices named between them


def device_words(device: Device) -> str:
    return device.hex() if isinstance(device, bytes) else device


def stamp_words(stamp: Stamp) -> str:
    return f"{device_words(stamp.device)} boot {stamp.boot} at {seconds(stamp.t_ns)} s"


def interval_words(interval: Interval) -> str:
    lo, hi = interval
    if lo is None and hi is None:
        return "at no known time"
    if hi is None:
        return f"not before {seconds(lo)} s"
    return f"not after {seconds(hi)} s" if lo is None else f"between {seconds(lo)} and {seconds(hi)} s"


def step_words(step: Step) -> str:
    """One link of a binding path, with the bound that it gives."""
    start, end, most = stamp_words(step.start), stamp_words(step.end), seconds(step.most_ns)
    if isinstance(step.evidence, Exchange):
        tx, rx = stamp_words(step.evidence.tx), stamp_words(step.evidence.rx)
        if step.end == step.evidence.tx:
            return f"what {rx} heard was sent by {tx}, at least {seconds(step.evidence.dmin_ns)} s before"
        return f"what {tx} sent was heard by {rx}, at most {most} s after"
    if step.kind == "clock":
        if step.most_ns >= 0:
            return f"the clock from {start} to {end}: at most {most} s passed"
        return f"the clock from {end} to {start}: at least {seconds(-step.most_ns)} s passed"
    if step.kind == "causal":
        return f"{end} led to {start}, so it was no later"
    return f"{end} belongs to a boot before that of {start}"


def steps_words(path: tuple[Step, ...], ends: int | None = ENDS) -> list[str]:
    """A binding path, a line a step; of a long one its first and last `ends` steps and who is between (None: all)."""
    lines = [step_words(step) for step in path]
    if ends is None or len(path) <= 2 * ends + 1:
        return lines
    between = path[ends:-ends]
    passed = sorted({end.device for step in between for end in (step.start, step.end)}, key=device_key)
    named = ", ".join(map(device_words, passed[:NAMED_MAX]))
    more = f" and {len(passed) - NAMED_MAX} more" if len(passed) > NAMED_MAX else ""
    return [*lines[:ends], f"... {len(between)} more steps, by {named}{more} ...", *lines[-ends:]]


def path_words(lo_path: tuple[Step, ...], hi_path: tuple[Step, ...], ends: int | None = ENDS) -> list[str]:
    """Both binding paths: what makes it not earlier, then what makes it not later."""
    lines = []
    for title, path in (("not earlier, because", lo_path), ("not later, because", hi_path)):
        lines += [title, *("  " + line for line in steps_words(path, ends))] if path else []
    return lines
