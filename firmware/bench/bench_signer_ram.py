"""Bytes of heap that a signer takes: what its modules keep, what it keeps, and all that one signature allocates.

The collector stands still during a signature, so that what it allocates adds up to more than is ever alive at once.
Prints one JSON object. It refuses to count constant bytes, which frozen modules and ROMFS keep in flash.
"""

import gc
import json
import sys

from fieldwire import ed25519

SEED = bytes(range(32))
MESSAGE = bytes(range(150))
SIGNATURES = 20


def module_buffers():
    """Bytes in the buffers that fieldwire's modules hold from import on."""
    total = 0
    for name, module in sys.modules.items():
        if name.startswith("fieldwire."):
            for value in module.__dict__.values():
                if isinstance(value, bytearray):
                    total += len(value)
    return total


def main():
    ed25519.Ed25519Signer(SEED).sign(MESSAGE)  # what is made at first use exists from here on
    gc.collect()
    gc.disable()
    empty = gc.mem_alloc()
    signer = ed25519.Ed25519Signer(SEED)
    made = gc.mem_alloc() - empty
    gc.collect()
    kept = gc.mem_alloc() - empty
    signer.sign(MESSAGE)
    transient = gc.mem_alloc() - empty - kept
    gc.collect()
    for _ in range(SIGNATURES):
        signer.sign(MESSAGE)
        gc.collect()
    grown = gc.mem_alloc() - empty - kept
    buffers = module_buffers()
    print(
        json.dumps(
            {
                "module_buffers": buffers,
                "signer": kept,
                "making_a_signer": made,
                "one_signature": transient,
                "grown": grown,
            }
        )
    )


main()
