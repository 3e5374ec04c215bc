"""Runs before main.py: a byte 0x03 inside a frame must not interrupt the agent that owns the port."""

import micropython

if hasattr(micropython, "kbd_intr"):
    micropython.kbd_intr(-1)
