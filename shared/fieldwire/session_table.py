"""The session's states, for both roles: what may be received or done in each, and the state that follows.

A name in capitals is a frame (SPEC 8.2); small letters name what a side does itself. What a state does not
list is dropped and counted. The tables decide nothing else: `session_device` and `session_bridge` look up.
"""

# SPEC 8.3; a test compares these two tables with the text.
DEVICE = {
    "new": {"open": "calling", "end": "closed"},
    "calling": {"HELLO": "greeted", "end": "closed"},
    "greeted": {"HELLO": "greeted", "HAVE": "sending", "BYE": "closed", "end": "closed"},
    "sending": {
        "poll": "polling",
        "drained": "idle",
        "TIME": "sending",
        "CTRL": "sending",
        "CUSTODY": "sending",
        "REJECT": "sending",
        "BYE": "closed",
        "end": "closed",
    },
    "polling": {
        "HAVE": "sending",
        "TIME": "polling",
        "CTRL": "polling",
        "CUSTODY": "polling",
        "REJECT": "polling",
        "BYE": "closed",
        "end": "closed",
    },
    "idle": {
        "offer": "sending",
        "poll": "polling",
        "TIME": "idle",
        "CTRL": "idle",
        "CUSTODY": "idle",
        "REJECT": "idle",
        "BYE": "closed",
        "end": "closed",
    },
    "closed": {},
}

# A HELLO whose tag is zero calls, one with a tag confirms (SPEC 8.4).
BRIDGE = {
    "waiting": {"HELLO-call": "waiting", "HELLO-confirm": "established", "end": "closed"},
    "established": {
        "HELLO-call": "established",
        "HELLO-confirm": "established",
        "DATA": "established",
        "POLL": "established",
        "TIME": "established",
        "CTRL": "established",
        "BYE": "closed",
        "end": "closed",
    },
    "closed": {},
}
