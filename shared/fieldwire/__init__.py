"""The wire format, the same files on MicroPython and CPython.

This package turns values into bytes and back, and says whether bytes are right. It decides nothing
about trust, time or policy, and it imports neither the agent nor the bridge.
"""
