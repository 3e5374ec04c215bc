"""Bytes of heap that a signer takes: what it and its modules keep, and how much must be free for one signature.

The heap is filled until just so many bytes are free; the fewest with which a signature succeeds are what it has alive
at once. Prints one JSON object. It refuses to count constant bytes, which frozen modules and ROMFS keep in flash.
"""

import gc
import json
import sys

from fieldwire import ed25519

SEED = bytes(range(32))
MESSAGE = bytes(range(150))
SIGNATURES = 20
STEP_BYTES = 32
LAYOUTS = 8
LOOSE_BYTES = 8192  # filled block by block, once large pieces have taken the rest


def module_buffers():
    """Bytes in the buffers that fieldwire's modules hold from import on."""
    total = 0
    for name, module in sys.modules.items():
        if name.startswith("fieldwire."):
            for value in module.__dict__.values():
                if isinstance(value, bytearray):
                    total += len(value)
    return total


def signs_with(free, signer, shift):
    """Whether a signature succeeds when so many bytes of the heap are free; shift: blocks taken before all others."""
    gc.collect()
    held = [bytearray(STEP_BYTES) for _ in range(shift)]
    for size in (16384, 1024, 128):
        try:
            while gc.mem_free() > free + LOOSE_BYTES:
                held.append(bytearray(size))
        except MemoryError:
            pass  # no run of blocks is as long: go on with smaller ones
    small = None
    gc.collect()
    while gc.mem_free() > free:
        small = (small,)
    try:
        return len(signer.sign(MESSAGE)) == 64
    except MemoryError:
        return False


def fewest_free(signer):
    """The fewest free bytes with which a signature succeeded, however the heap was filled."""
    fewest = LOOSE_BYTES
    for shift in range(LAYOUTS):
        free = STEP_BYTES
        while free < fewest and not signs_with(free, signer, shift):
            free += STEP_BYTES
        fewest = min(fewest, free)
    return fewest


def main():
    ed25519.Ed25519Signer(SEED).sign(MESSAGE)  # what is made at first use exists from here on
    gc.collect()
    empty = gc.mem_alloc()
    signer = ed25519.Ed25519Signer(SEED)
    gc.collect()
    kept = gc.mem_alloc() - empty
    gc.disable()
    signer.sign(MESSAGE)
    allocated = gc.mem_alloc() - empty - kept
    gc.enable()
    for _ in range(SIGNATURES):
        signer.sign(MESSAGE)
    gc.collect()
    grown = gc.mem_alloc() - empty - kept
    figures = {
        "module_buffers": module_buffers(),
        "signer": kept,
        "allocated_by_one_signature": allocated,
        "grown_by_signatures": grown,
        "free_for_one_signature": fewest_free(signer),
    }
    print(json.dumps(figures))


main()
