"""Proofs taken from a store: the stored bytes, with the credentials and roots that a stranger needs to check them.

Decides which statements and credentials go in. Refuses to sign: what a bridge says of its own log comes in signed.
SPEC 15.4
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fieldpost.log_check import Leaves
from fieldpost.proof import form
from fieldpost.proof.doubled import doubled
from fieldpost.reading import Rows
from fieldpost.verify import item_of
from fieldwire import cbor, cose, keys, merkle, seal, tokens
from fieldwire import observation as obs
from fieldwire.tokens import Token


class NothingToProve(Exception):
    """The store does not hold what the proof would show; the message names it and the remedy."""


def fork(store: Rows, device: bytes) -> bytes:
    """Proof of the first fork that is recorded of a device."""
    for one, other in store.query("SELECT one, other FROM fork WHERE device = ? ORDER BY one, other", device):
        statements = [_statement(store, device, name) for name in (one, other)]
        if all(statements):
            pair = sorted((found for found in statements if found), key=cbor.encode)
            credentials = [obs.decode(_leaf(found))[obs.CREDENTIAL] for found in pair]
            return form.encode(form.FORK, *_standing(store, credentials), pair)
    raise NothingToProve(
        f"device {device.hex()} has no fork here; `fieldpost log list --kind fork` names them"
    )


def fork_of_words(store: Rows, thumbprint: bytes) -> bytes:
    """Proof that a root signed two agreements, or a bridge two epochs, under one number."""
    found = doubled(store, thumbprint[:8])
    if found is None:
        raise NothingToProve(
            f"key {thumbprint.hex()} signed nothing twice here; `fieldpost log list --kind fork`"
        )
    roots = {public for mesh, public in store.query("SELECT mesh, public FROM root") if mesh == thumbprint}
    more, chain = _standing(store, _of_keys(store, [thumbprint]))
    pair = sorted(([2, one] for one in found), key=cbor.encode)
    return form.encode(form.FORK, roots | more, chain, pair)


def epoch(store: Rows, number: int) -> bytes:
    """Proof of the latest epoch of that number that both bridges signed."""
    rows = store.query("SELECT ours, theirs FROM epoch WHERE number = ? AND agreed = 1 ORDER BY peer", number)
    if not rows:
        raise NothingToProve(
            f"no epoch {number} stands under both signatures here; see `fieldpost log list --kind epoch`"
        )
    signed = rows[-1]
    bridges = cbor.decode(cose.decode(signed[0], cose.EPOCH).payload or b"")[6]
    order = {bridge[:8]: place for place, bridge in enumerate(bridges)}
    evidence = sorted(signed, key=lambda one: order[cose.decode(one).kid])
    held = _of_keys(store, bridges)
    for bridge in bridges:
        if not _of_keys(store, [bridge]):
            reason = f"no credential of bridge {bridge.hex()} is held"
            raise NothingToProve(f"{reason}; meet it again, it shows its credentials then")
    return form.encode(form.EPOCH, *_standing(store, held), evidence)


def receipt(store: Rows, identity: bytes) -> bytes:
    """Proof that a device sealed an observation."""
    item = _item(store, identity)
    if item is None or item[0] == 0:
        what = "is held as an early copy alone" if item else "is not held here"
        raise NothingToProve(f"observation {identity.hex()} {what}; drain its device, its seal proves it")
    _, seal_bytes, leaf, index, path = item
    message, body = seal.decode(seal_bytes)
    if body.count > 1:
        proof = cbor.encode([body.count, index, path])
        shown = {cose.VDP: {-1: [proof]}}
        seal_bytes = cose.assemble(message.protected_bytes, None, message.signature, shown)
    return form.encode(form.RECEIPT, *_standing(store, [body.credential]), [seal_bytes, leaf])


def checkpoint(store: Rows, signed: bytes, earlier: bytes | None = None) -> bytes:
    """Proof of a checkpoint, and that the log only grew since an `earlier` one of the same bridge."""
    origin, size, _ = cbor.decode(cose.decode(signed, cose.CHECKPOINT).payload or b"")
    older: list[Any] | None = None
    if earlier is not None:
        hashes = Leaves.of(store.events()).hashes
        _, first, _ = cbor.decode(cose.decode(earlier, cose.CHECKPOINT).payload or b"")
        if not 0 < first <= size <= len(hashes):
            raise NothingToProve(
                f"the earlier checkpoint names {first} events, this one {size}; give an earlier one"
            )
        older = [earlier, merkle.consistency_path(hashes[:size], first)]
    return form.encode(form.CHECKPOINT, *_standing(store, _of_keys(store, [origin])), [signed, older])


def event(store: Rows, signed: bytes, number: int) -> bytes:
    """Proof that an event lies under a checkpoint."""
    origin, size, _ = cbor.decode(cose.decode(signed, cose.CHECKPOINT).payload or b"")
    events = list(store.events())[:size]
    if not 0 <= number < len(events):
        raise NothingToProve(
            f"event {number} is not among the {len(events)} of this log; give a smaller number"
        )
    path = merkle.inclusion_path([merkle.leaf_hash(one) for one in events], number)
    evidence = [signed, events[number], number, path]
    return form.encode(form.RECEIPT, *_standing(store, _of_keys(store, [origin])), evidence)


def _item(store: Rows, identity: bytes) -> list[Any] | None:
    found = store.query(
        "SELECT kind, data, leaf_index FROM observation o JOIN envelope e ON e.hash = o.envelope WHERE o.id = ?",
        identity,
    )
    return cbor.decode(item_of(*found[0])) if found else None


def _statement(store: Rows, device: bytes, name: bytes) -> list[Any] | None:
    """The crossing item of an observation of that id, or of one leaf under a seal of that hash."""
    item = _item(store, name)
    if item is not None:
        return item
    envelopes = store.query(
        "SELECT kind, data FROM envelope WHERE kind != 'early' AND instr(data, ?)", device
    )
    return next((one for one in _sealed(envelopes) if _seal_hash(one) == name), None)


def _sealed(envelopes: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    for kind, data in envelopes:
        item = cbor.decode(item_of(kind, data, 0))
        if item[0] == 1:
            yield item


def _seal_hash(item: list[Any]) -> bytes:
    _, seal_bytes, leaf, index, path = item
    message, body = seal.decode(seal_bytes)
    root = merkle.root_from_path(merkle.leaf_hash(leaf), index, body.count, path)
    return seal.seal_hash(message.protected_bytes, root)


def _leaf(statement: list[Any]) -> bytes:
    return statement[2] if statement[0] else cose.decode(statement[1], cose.EARLY).payload


def _credentials(store: Rows) -> dict[bytes, Token]:
    found = store.query("SELECT data FROM token WHERE typ = ? ORDER BY id", cose.CREDENTIAL)
    return {one.id: one for one in (tokens.decode(data) for (data,) in found)}


def _of_keys(store: Rows, thumbprints: list[bytes]) -> list[bytes]:
    """Ids of the credentials of those keys."""
    return [one.id for one in _credentials(store).values() if keys.thumbprint(one.public) in thumbprints]


def _standing(store: Rows, wanted: list[bytes]) -> tuple[set[bytes], set[bytes]]:
    """(root keys, credentials with those of their issuers)."""
    held, meshes, chain, waiting = _credentials(store), set(), set(), list(wanted)
    while waiting:
        token = held[waiting.pop()]
        chain.add(token.data)
        meshes.add(token.claims[tokens.MESH])
        waiting += [token.claims[tokens.ISSUER]] if tokens.ISSUER in token.claims else []
    roots = store.query("SELECT mesh, public FROM root")
    return {public for mesh, public in roots if mesh in meshes}, chain
