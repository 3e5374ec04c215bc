"""The session's two roles, sans I/O: unframed frames in and out, time as an argument. SPEC 8.2 to 8.5

`receive(frame, now_ms)`, `next_event()`, `to_send(now_ms)`, `deadline()`, `on_deadline(now_ms)`. The shell
calls `to_send` until it returns None after each of the others. A closed session stays closed.
A board imports `session_device` alone and spares the memory of the other side.
"""

from fieldwire.session_bridge import BridgeSession
from fieldwire.session_device import DeviceSession

__all__ = ["BridgeSession", "DeviceSession"]
