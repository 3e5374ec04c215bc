"""Crossing: what leaves for a peer mesh, and what stays.

Decides from the agreement, the channel's mode and our own verdicts what is released, with its lineage and
tokens. Refuses to send what a channel withholds, as a source too; the receiver then says `incomplete`, not
we. What a third mesh said goes on as it came, where the agreement lets it cross from there. Revocations by us, and by
any party but the peer, go whenever anything may.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fieldpost.accession import accessions
from fieldpost.model import Verified
from fieldpost.state import State
from fieldwire import cbor, cose, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

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
    """Everything that the peer may have: of our own mesh, and of third ones that the agreement lets cross to it."""
    chosen: dict[bytes, None] = {}
    withheld: dict[bytes, str] = {}
    if state.agreement is None or state.mode_of(BOUNDARY).mode not in OUTWARD:
        return Release((), (), ())
    own = state.own().mesh
    admitted = (one for one in range(1, state.entries.count + 1) if state.verdicts.of(one)[0] == "admitted")
    for entry in state.entries.several(admitted):
        if entry.mesh == peer_mesh:
            continue
        code = _kept_back(state, entry, peer_mesh)
        if code is None:
            derived = obs.SOURCES in entry.observation
            chosen.update(dict.fromkeys(closure(state, entry.id) if derived else (entry.id,)))
        elif code != "agreement-scope":
            withheld[entry.id] = code
    for entry in state.entries.named(chosen):
        identity = entry.id
        code = _kept_back(state, entry, peer_mesh) if entry.mesh == own else _withheld(state, entry)
        if code is not None:  # a source is named by what derives from it: no secret is told by naming it
            withheld[identity] = code
    ids = tuple(one for one in chosen if one not in withheld)
    sent = dict.fromkeys([*_revocations(state, peer_mesh), *tokens_for(state, ids)])
    return Release(ids, tuple(sent), tuple(sorted(withheld.items())))


def _kept_back(state: State, entry: Verified, peer_mesh: bytes) -> str | None:
    """Why an observation does not cross. Time evidence needs no scope of its own: without it nothing is placed."""
    subject = entry.observation[obs.SUBJECT]
    if entry.observation[obs.FORMAT] == obs.TIME_FORMAT:
        way = (entry.mesh, peer_mesh)
        crosses = entry.mesh == state.own().mesh or any(
            way in one.directions for one in state.agreement.scopes
        )
        return _withheld(state, entry) if crosses else "agreement-scope"
    scope = state.agreement.scope_of(subject)
    if scope is None or not state.agreement.crosses(subject, entry.mesh, peer_mesh):
        return "agreement-scope"
    if scope.subject in state.stopped and entry.id not in state.decided:
        return "scope-stopped"
    return _withheld(state, entry)


def _withheld(state: State, entry: Verified) -> str | None:
    """What the channels that its subject crosses by say of it."""
    subject = entry.observation[obs.SUBJECT]
    scope = state.agreement.scope_of(subject)
    for channel in dict.fromkeys((BOUNDARY, (scope and scope.channel) or BOUNDARY)):
        mode = state.mode_of(channel)
        if mode.mode not in OUTWARD:
            return "channel-closed"
        if any(obs.covers(tree, subject) for tree in mode.withheld):
            return "channel-withheld"
    return None


def closed_to(state: State, item: bytes) -> str | None:
    """The channel that lets a crossing item's subject not come in, if there is one. Bytes that are no item pass."""
    if all(mode.mode in INWARD for mode in state.modes.values()):
        return None
    try:
        value = cbor.decode(item)
        leaf = value[2] if value[0] == 1 else cose.decode(value[1], cose.EARLY).payload
        subject = obs.decode(leaf)[obs.SUBJECT]
    except (WireError, TypeError, IndexError, KeyError):
        return None
    scope = state.agreement.scope_of(subject) if state.agreement else None
    for channel in dict.fromkeys((BOUNDARY, (scope and scope.channel) or BOUNDARY)):
        if state.mode_of(channel).mode not in INWARD:
            return channel
    return None


def _revocations(state: State, peer_mesh: bytes) -> list[bytes]:
    """Revocations by every party but the peer, our own mesh among them, each with its issuer's chain before it."""
    found = []
    parties = {state.own().mesh, *state.agreement.parties} - {peer_mesh}
    for identity in sorted(state.trust.revocations):
        token = state.trust.revocations[identity]
        chain = state.trust.chain(token.claims[tokens.ISSUER])
        if chain[0].claims[tokens.MESH] in parties:
            found += [one.data for one in chain] + [token.data]
    return found


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
    """Token bytes that a stranger needs to verify these observations and to weigh them, issuers first."""
    trust = state.trust
    found: dict[bytes, None] = {}
    credentials: dict[bytes, None] = {}
    attestations: dict[bytes, None] = {}
    devices: dict[tuple[bytes, bytes], None] = {}
    formats: dict[int | bytes, None] = {}
    statements: dict[bytes, None] = {}  # by which we admit what third meshes said, all those of a path
    for entry in state.entries.named(ids):
        observation = entry.observation
        credentials[entry.credential] = attestations[observation[obs.BOOT_ATTESTATION]] = None
        devices[observation[obs.DEVICE], entry.mesh] = formats[observation[obs.FORMAT]] = None
        if entry.mesh != state.own().mesh:
            statements.update(dict.fromkeys(state.verdicts.of(entry.n)[3]))
    for credential in credentials:
        found.update(dict.fromkeys(_with_chain(state, credential)))
    for attestation in attestations:
        found[trust.boots[attestation].data] = None
    for device, mesh in devices:
        for endorsement in sorted(trust.endorsements_of(device, mesh), key=lambda one: one.id):
            found.update(dict.fromkeys(_with_chain(state, endorsement.claims[tokens.ISSUER])))
            found[endorsement.data] = None
    handovers = [token for device, _ in devices for token, _ in trust.handovers_of(device)]
    for token in handovers + _accessions(state, credentials):
        for label in (tokens.ISSUER, tokens.BEFORE, tokens.AFTER):
            if label in token.claims:
                found.update(dict.fromkeys(_with_chain(state, token.claims[label])))
        found[token.data] = None
    for statement in statements:
        token = trust.equivalences[statement]
        found.update(dict.fromkeys(_with_chain(state, token.claims[tokens.ISSUER])))
        found[token.data] = None
    for content_format in formats:
        if content_format in trust.schema_tokens:
            signed = tokens.decode(trust.schema_tokens[content_format])
            for signer in trust.signers_of(signed):
                found.update(dict.fromkeys(_with_chain(state, signer.id)))
            found[signed.data] = None
    return list(found)


def _accessions(state: State, credentials: Iterable[bytes]) -> list[tokens.Token]:
    """Rotations of the keys of the authorities above: without them what binds a former key holds no more. SPEC 12.4"""
    trust = state.trust
    above = {
        (one.claims[tokens.MESH], one.claims[tokens.AUTHORITY])
        for credential in credentials
        for one in trust.chain(credential)
    }
    return [token for node, token, _ in accessions(trust) if node in above]


def _with_chain(state: State, credential: bytes) -> list[bytes]:
    return [one.data for one in state.trust.chain(credential)]
