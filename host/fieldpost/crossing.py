"""Crossing: what leaves for a peer mesh, and what stays.

Decides from the agreement, the channel's mode and our own verdicts what is released, with its lineage and
tokens. Refuses to send what a channel withholds; the receiver then says `incomplete`, not we.
"""

from dataclasses import dataclass

from fieldpost.model import Verified
from fieldpost.state import State
from fieldwire import keys
from fieldwire import observation as obs

BOUNDARY = "boundary"  # the channel that stands for the whole crossing
OUTWARD = ("open", "one-way-out")
INWARD = ("open", "one-way-in")


@dataclass(frozen=True)
class Release:
    """Ids to send in order (sources first), tokens that prove them, ids withheld with their channel."""

    ids: tuple[bytes, ...]
    tokens: tuple[bytes, ...]
    withheld: tuple[tuple[bytes, str], ...]


def release(state: State, peer_mesh: bytes) -> Release:
    """Everything of ours that the peer may have."""
    assert state.profile is not None
    chosen: dict[bytes, None] = {}
    withheld: list[tuple[bytes, str]] = []
    if state.mode_of(BOUNDARY).mode not in OUTWARD:
        return Release((), (), ())
    for identity, entry in state.entries.items():
        verdict = state.verdicts.get(identity)
        if entry.mesh != state.profile.mesh or verdict is None or verdict.state != "admitted":
            continue
        if entry.observation[obs.FORMAT] == obs.TIME_FORMAT:
            chosen[identity] = None
            continue
        code = _kept_back(state, entry, peer_mesh)
        if code is None:
            for one in closure(state, identity):
                chosen[one] = None
        elif code != "agreement-scope":
            withheld.append((identity, code))
    hidden = {identity for identity, _ in withheld}
    ids = tuple(one for one in chosen if one not in hidden)
    return Release(ids, tuple(tokens_for(state, ids)), tuple(withheld))


def _kept_back(state: State, entry: Verified, peer_mesh: bytes) -> str | None:
    assert state.profile is not None
    subject = entry.observation[obs.SUBJECT]
    scope = state.agreement.scope_of(subject)
    if scope is None or not state.agreement.crosses(subject, state.profile.mesh, peer_mesh):
        return "agreement-scope"
    if scope.subject in state.stopped and entry.id not in state.decided:
        return "scope-stopped"
    for channel in {BOUNDARY, scope.channel or BOUNDARY}:
        mode = state.mode_of(channel)
        if mode.mode not in OUTWARD:
            return "channel-closed"
        if any(obs.covers(tree, subject) for tree in mode.withheld):
            return "channel-withheld"
    return None


def closure(state: State, identity: bytes) -> list[bytes]:
    """The held lineage of an observation, sources before what derives from them, itself last."""
    found: dict[bytes, None] = {}
    stack = [(identity, False)]
    while stack:
        one, done = stack.pop()
        entry = state.entries.get(one)
        if one in found or entry is None:
            continue
        if done:
            found[one] = None
        else:
            stack.append((one, True))
            stack.extend((source[4], False) for source in entry.observation.get(obs.SOURCES, []))
    return list(found)


def tokens_for(state: State, ids: tuple[bytes, ...]) -> list[bytes]:
    """Token bytes that a stranger needs to verify these observations, issuers first."""
    found: dict[bytes, None] = {}
    for identity in ids:
        entry = state.entries[identity]
        for credential in state.trust.chain(entry.credential):
            found[credential.data] = None
        found[state.trust.boots[entry.observation[obs.BOOT_ATTESTATION]].data] = None
        device = keys.device_id(state.trust.credentials[entry.credential].public)
        for endorsement in state.trust.endorsements.get(device, []):
            found[endorsement.data] = None
        content_format = entry.observation[obs.FORMAT]
        if content_format in state.trust.schema_tokens:
            found[state.trust.schema_tokens[content_format]] = None
    return list(found)
