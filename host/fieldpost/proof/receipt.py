"""A receipt proof: one observation lies under a device's seal, or one event under a bridge's checkpoint.

Decides which of the two is shown and that it holds. Refuses to say whether anybody admitted it. SPEC 6.3, 15.4
"""

from typing import Any

from fieldpost.proof import log
from fieldpost.proof.form import bad
from fieldpost.proof.holders import Holders, one_bytes
from fieldpost.proof.observed import receipted
from fieldwire import observation as obs

Facts = dict[str, Any]


def prove(evidence: list[Any], holders: Holders) -> tuple[str, Facts]:
    """(what is proved, in words; the same as values): [receipt, leaf] or [checkpoint, event, index, path]."""
    if len(evidence) == 4:
        return log.prove_event(evidence, holders)
    if len(evidence) != 2:
        raise bad("a receipt proof is [receipt, leaf] or [checkpoint, event, index, path]")
    found = receipted(one_bytes(evidence[0], "a receipt"), one_bytes(evidence[1], "a leaf"), holders)
    subject = found.observation[obs.SUBJECT]
    seal_hash = (found.seal_hash or b"").hex()
    words = (
        f"device {found.device.hex()} signed observation {found.id.hex()} about {subject}"
        f" at {found.place()}, under seal {seal_hash}"
    )
    facts: Facts = {"observation": found.id.hex(), "device": found.device.hex(), "subject": subject}
    return words, facts | {"position": found.place(), "seal": seal_hash}
