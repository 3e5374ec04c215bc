"""Every stored envelope as it was received, so that anyone can check it with a COSE library of their own.

Decides file names and the cutting of receipts; signs nothing and changes no byte. Early copies, seals with
their leaves, receipts (RFC 9942) with their leaf, keys, tokens, and an index.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldpost.reading import Rows
from fieldwire import cbor, cose, keys, merkle, seal, tokens
from fieldwire import observation as obs

INDEX = "index.jsonl"
Entry = dict[str, Any]
Files = Iterator[tuple[str, bytes, Entry | None]]


def cose_files(store: Rows) -> Files:
    """(path, bytes, index entry or None) of every file but the index, in a fixed order."""
    held: dict[bytes, bytes] = {}
    for (public,) in store.query("SELECT public FROM root ORDER BY mesh"):
        yield _key_file(public)
    for identity, typ, data in store.query("SELECT id, typ, data FROM token ORDER BY id"):
        yield f"tokens/{identity.hex()}.cwt", data, None
        if typ == cose.CREDENTIAL:
            held[identity] = tokens.decode(data).public
            yield _key_file(held[identity])
    for kind, data in store.query("SELECT kind, data FROM envelope ORDER BY hash"):
        if kind == "item":
            value = cbor.decode(data)
            if value[0] == 0:
                yield from _early(value[1], held)
            else:
                _, seal_bytes, leaf, index, path = value
                yield from _lone_leaf(seal_bytes, leaf, index, path, held)
        elif kind == "early":
            yield from _early(data, held)
        else:
            seal_bytes, leaves = seal.decode_segment(data)
            yield from _segment(seal_bytes, leaves, held)


def _key_file(public: bytes) -> tuple[str, bytes, None]:
    return f"keys/{keys.thumbprint(public).hex()}.cosekey", cbor.encode(keys.cose_key(public)), None


def _entry(
    identity: bytes, kind: str, file: str, leaf: str | None, holder: bytes, credential: bytes, place: tuple
) -> Entry:
    stream, seq = place
    return {
        "id": identity.hex(), "kind": kind, "file": file, "leaf": leaf, "key": keys.thumbprint(holder).hex(),
        "credential": credential.hex(), "stream": stream, "seq": seq,
    }  # fmt: skip


def _early(data: bytes, held: dict[bytes, bytes]) -> Files:
    leaf = cose.decode(data, cose.EARLY).payload
    observation = obs.decode(leaf)
    identity, credential = obs.observation_id(leaf), observation[obs.CREDENTIAL]
    file = f"early/{identity.hex()}.cose"
    place = (observation[obs.STREAM], observation[obs.SEQ])
    yield file, data, _entry(identity, "early", file, None, held[credential], credential, place)


def _segment(seal_bytes: bytes, leaves: list[bytes], held: dict[bytes, bytes]) -> Files:
    message, body = seal.decode(seal_bytes)
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    yield from _sealed(seal_bytes, message, body, leaves, merkle.root(hashes), held)
    for index, leaf in enumerate(leaves if body.count > 1 else []):
        receipt = seal.receipt(seal_bytes, hashes, index)
        yield from _receipt(receipt, leaf, body, index, held)


def _sealed(
    seal_bytes: bytes, message: Any, body: Any, leaves: list[bytes], root: bytes, held: dict[bytes, bytes]
) -> Files:
    name = seal.seal_hash(message.protected_bytes, root)
    file, beside = f"segments/{name.hex()}.cose", f"segments/{name.hex()}.leaves"
    place = (body.stream, body.first)
    yield (
        file,
        seal_bytes,
        _entry(name, "segment", file, beside, held[body.credential], body.credential, place),
    )
    yield beside, b"".join(leaves), None


def _lone_leaf(
    seal_bytes: bytes, leaf: bytes, index: int, path: list[bytes], held: dict[bytes, bytes]
) -> Files:
    """A leaf that crossed alone: its path makes the receipt; under a seal of one leaf it is the whole segment."""
    message, body = seal.decode(seal_bytes)
    if body.count == 1:
        yield from _sealed(seal_bytes, message, body, [leaf], merkle.leaf_hash(leaf), held)
        return
    proof = cbor.encode([body.count, index, path])
    receipt = cose.assemble(message.protected_bytes, None, message.signature, {cose.VDP: {-1: [proof]}})
    yield from _receipt(receipt, leaf, body, index, held)


def _receipt(receipt: bytes, leaf: bytes, body: Any, index: int, held: dict[bytes, bytes]) -> Files:
    identity = obs.observation_id(leaf)
    file, beside = f"receipts/{identity.hex()}.cose", f"leaves/{identity.hex()}.cbor"
    place = (body.stream, body.first + index)
    yield (
        file,
        receipt,
        _entry(identity, "receipt", file, beside, held[body.credential], body.credential, place),
    )
    yield beside, leaf, None


def write_cose(store: Rows, folder: Path) -> dict[str, int]:
    """Write everything below `folder`, made if need be; how many index entries of each kind there are."""
    counts: dict[str, int] = {}
    written: set[str] = set()  # what came twice, alone and in its segment, is one file and one entry
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / INDEX).open("w", encoding="utf-8") as index:
        for name, data, entry in cose_files(store):
            if name in written:
                continue
            written.add(name)
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            if entry is not None:
                counts[entry["kind"]] = counts.get(entry["kind"], 0) + 1
                index.write(json.dumps(entry, separators=(",", ":")) + "\n")
    return counts
