"""Runs before main.py: prepares the interpreter for an agent that runs for months."""

import gc

import micropython

# A byte 0x03 of a frame must not end the start; main.py gives who asks for it the prompt.
if hasattr(micropython, "kbd_intr"):
    micropython.kbd_intr(-1)

# Collecting long before the heap is full keeps large blocks free, also while modules are imported.
gc.threshold(4_096)
