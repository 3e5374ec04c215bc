"""Thumb's instruction lengths. Source: ARMv7-M Architecture Reference Manual, A5.1."""


def count(code: bytes) -> int:
    """How many instructions a straight run of code holds."""
    at = found = 0
    while at < len(code):
        at += 4 if code[at + 1] >> 3 in (0b11101, 0b11110, 0b11111) else 2
        found += 1
    return found
