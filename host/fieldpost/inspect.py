"""What a file of ours says, field by field.

Decides which kind of object bytes are and whether they are well formed. Refuses to say whether a signature
holds: it has no keys, and says so. What is no object of ours is shown in diagnostic notation.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from fieldpost.agreement_cbor import digest_of, from_cbor
from fieldpost.codes import refuse_wire
from fieldpost.diagnostic import cut, diagnostic
from fieldpost.gaps import told
from fieldpost.inspect_names import (
    CHECKPOINT,
    CLAIM,
    CLAIMS,
    EPOCH,
    EXCHANGE,
    FIELD,
    FIELD_TYPES,
    LOG_END,
    OBSERVATION,
    PLAN,
    PROOF,
    REPORT,
    SEAL,
    SIGNED,
    SOURCE,
    named,
    plain,
)
from fieldpost.plan import Plan, read_plan, read_vote
from fieldpost.proof import form
from fieldpost.recorder import read_event
from fieldwire import cbor, cose, keys, rotation, schema, seal, senml, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError

Found = tuple[str, bytes, dict[str, Any]]  # kind, id, tree
UNCHECKED = "every rule of its shape holds; no signature is checked here"
UNKNOWN = "give a file that a device, a bridge or an export wrote"


def inspect(data: bytes) -> dict[str, Any]:
    """{"id", "kind", "size", "sha256", "stage", "outcome", "code", "reason", "remedy", "tree"}.

    `outcome`: well-formed, refused (the rule broken is `code`), or unknown (CBOR of no kind of ours).
    """
    kind = "no CBOR of this profile"
    try:
        kind = kind_of(data)
        if kind != "unknown":
            return _document(
                data, *READERS[kind](data), ("well-formed", "well-formed", UNCHECKED, "nothing to do")
            )
        told = ("unknown", "unknown", "well-formed CBOR that is no object of ours", UNKNOWN)
    except WireError as error:
        told = ("refused", error.code, error.detail, refuse_wire(error).remedy)
        other = _other(data)
        if other is not None:
            kind, told = other, ("refused", error.code, f"{other}; it is no signed object", UNKNOWN)
    return _document(data, kind, hashlib.sha256(data).digest(), {"diagnostic": _shown(data)}, told)


def _other(data: bytes) -> str | None:
    """What a file is that people take for one of ours by its name; None where nothing is known of it."""
    if data.startswith(b"SQLite format 3\0"):
        return "a database"
    text = data.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in data)
    return "a text" if data and text else None


def _document(
    data: bytes, kind: str, identity: bytes, tree: dict[str, Any], told: tuple[str, str, str, str]
) -> dict[str, Any]:
    outcome, code, reason, remedy = told
    return {
        "id": identity.hex(), "kind": kind, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        "stage": "inspect", "outcome": outcome, "code": code, "reason": reason, "remedy": remedy, "tree": tree,
    }  # fmt: skip


def _shown(data: bytes) -> str:
    """Diagnostic notation as far as it goes."""
    try:
        return diagnostic(data)
    except WireError as error:
        return f"{error.detail}; the bytes: {data[:256].hex()}{'…' if len(data) > 256 else ''}"


def kind_of(data: bytes) -> str:
    """A key of READERS, or "unknown". WireError where the bytes are no CBOR of our profile."""
    try:
        value = cbor.decode(data)
    except WireError as error:
        if error.code in ("cbor-trailing", "cbor-size") and _are_leaves(data):
            return "leaves"
        raise
    if isinstance(value, cbor.Tag):
        return "signed object" if value.number == 18 else "unknown"
    if isinstance(value, dict):
        return _kind_of_map(value)
    return _kind_of_list(value) if isinstance(value, list) else "unknown"


def _are_leaves(data: bytes) -> bool:
    try:
        return all(item[0] >> 5 == 5 for item in cut(data))
    except WireError:
        return False


def _kind_of_map(value: dict) -> str:
    if obs.DEVICE in value and obs.SUBJECT in value:
        return "observation"
    return "key" if value.keys() == {1, -1, -2} else "unknown"


def _kind_of_list(value: list) -> str:
    if len(value) == 2 and isinstance(value[0], bytes) and isinstance(value[1], list):
        return "segment" if value[0][:1] == b"\xd2" else "agreement proof"
    if (
        value
        and not isinstance(value[0], bool)
        and value[0] in (0, 1)
        and len(value) in (2, 5)
        and isinstance(value[1], bytes)
    ):
        return "crossing item"
    if len(value) == 5 and value[0] == form.LABEL:
        return "proof"
    if len(value) == 6 and isinstance(value[0], str):
        return "event"
    if len(value) == 6 and obs.is_bytes(value[0], 16):
        return "merge plan"
    if len(value) == 7 and obs.is_uint(value[0]) and all(obs.is_bytes(one, 32) for one in value[1:5]):
        return "epoch body"
    if len(value) == 4 and isinstance(value[0], str) and isinstance(value[1], dict):
        return "divergence report body"
    if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], list):
        return "schema body"
    return "unknown"


def observation_tree(data: bytes) -> dict[str, Any]:
    """An observation's fields by name; WireError where a rule of SPEC 5 is broken."""
    observation = obs.decode(data)
    tree: dict[str, Any] = {"id": obs.observation_id(data).hex()}
    for label in sorted(observation):
        tree[OBSERVATION[label]] = plain(observation[label])
    tree["time"] = {"boot": observation[obs.TREF][0], "ms": observation[obs.TREF][1]}
    claimed = obs.utc_of(observation[obs.TREF])
    if claimed is not None:
        tree["time"] |= {"utc ms claimed": claimed[0], "within ms": claimed[1]}
    if obs.SOURCES in observation:
        tree["sources"] = [named(SOURCE, one) for one in observation[obs.SOURCES]]
    tree["payload"] = _payload(observation)
    return tree


def _payload(observation: dict) -> Any:
    payload = observation[obs.PAYLOAD]
    try:
        value = cbor.decode(payload)
    except WireError:
        return payload.hex()
    if observation[obs.FORMAT] == obs.TIME_FORMAT and isinstance(value, list):
        return named(EXCHANGE, value)
    if observation[obs.FORMAT] == obs.SENML_FORMAT:
        return _senml(payload, value)
    return [one.words() for one in told(observation)] or plain(value)


def _senml(payload: bytes, value: Any) -> Any:
    """What a pack claims; what breaks a rule of SPEC 5.8 claims nothing, and is shown as it is."""
    try:
        return [{**named(CLAIM, list(one)), "type": FIELD_TYPES[one[1]]} for one in senml.claims(payload)]
    except WireError as error:
        return {"claims nothing": error.detail, "records": plain(value)}


def _observation(data: bytes) -> Found:
    return "observation", obs.observation_id(data), observation_tree(data)


def _leaves(data: bytes) -> Found:
    leaves = [observation_tree(one) for one in cut(data)]
    return "leaves of a segment", hashlib.sha256(data).digest(), {"leaves": leaves}


def _key(data: bytes) -> Found:
    public = keys.public_of(cbor.decode(data))
    thumbprint = keys.thumbprint(public)
    tree = {
        "curve": "Ed25519",
        "x": public.hex(),
        "thumbprint": thumbprint.hex(),
        "device": thumbprint[:16].hex(),
    }
    return "public key", thumbprint, tree


def _signed(data: bytes) -> Found:
    message = cose.decode(data)
    tree: dict[str, Any] = {
        "typ": message.typ,
        "kid": message.kid.hex(),
        "signature": message.signature.hex(),
    }
    name = SIGNED.get(message.typ, "signed object")
    if message.typ == cose.EARLY:
        if message.payload is None:
            raise WireError("cose-shape", "an early copy carries its observation")
        return (
            name,
            obs.observation_id(message.payload),
            {**tree, "observation": observation_tree(message.payload)},
        )
    if message.typ == cose.SEAL:
        return _seal(data, tree)
    if cose.CREDENTIAL <= message.typ <= cose.SCHEMA:
        return name, tokens.token_id(data), {**tree, "claims": _claims(tokens.decode(data))}
    return (
        name,
        hashlib.sha256(data).digest(),
        {**tree, "payload": _body(message.typ, message.payload or b"")},
    )


def _body(typ: int, payload: bytes) -> Any:
    if typ == cose.AGREEMENT:
        return _agreement(payload)
    if typ == cose.MERGE_PLAN:
        favours, made = read_vote(payload)
        return {"for": favours, **_plan_tree(made)}
    value = cbor.decode(payload)
    names = {cose.EPOCH: EPOCH, cose.CHECKPOINT: CHECKPOINT, cose.REPORT: REPORT}.get(typ)
    return named(names, value) if names and isinstance(value, list) else plain(value)


def _agreement(data: bytes) -> dict[str, Any]:
    agreement = from_cbor(data)
    return {
        "digest": digest_of(data).hex(),
        "version": agreement.version,
        "parties": [one.hex() for one in agreement.parties],
        "scopes": [one.subject for one in agreement.scopes],
        "diagnostic": diagnostic(data),
    }


def _merge_plan(data: bytes) -> Found:
    made = read_plan(data)
    return "merge plan", made.id, _plan_tree(made)


def _plan_tree(made: Plan) -> dict[str, Any]:
    return {"plan": made.id.hex(), **named(PLAN, made.as_list())}


def _seal(data: bytes, tree: dict[str, Any]) -> Found:
    message, body = seal.decode(data)
    tree["seal"] = named(SEAL, body.as_list())
    name = "seal"
    if message.unprotected:
        name = "receipt"
        proofs = message.unprotected[cose.VDP]
        proof = proofs.get(-1) if isinstance(proofs, dict) else None
        if not isinstance(proof, list) or len(proof) != 1 or not isinstance(proof[0], bytes):
            raise WireError("seal-shape", "a receipt holds one inclusion proof under 396: {-1: [proof]}")
        tree["proof"] = named(PROOF, cbor.decode(proof[0]))
    return name, hashlib.sha256(data).digest(), tree


def _claims(token: tokens.Token) -> dict[str, Any]:
    if token.typ == cose.SCHEMA:
        return _schema_tree(token.message.payload)
    claims = {
        CLAIMS.get(label, str(label)): plain(value)
        for label, value in sorted(token.claims.items(), reverse=True)
    }
    if tokens.CNF in token.claims:
        claims["key"] = {"x": token.public.hex(), "thumbprint": keys.thumbprint(token.public).hex()}
    if token.typ == cose.ROTATION:
        if tokens.ISSUER not in token.claims:
            claims["signed by"] = "the mesh's root"
        claims["handover"] = _handover(rotation.decode(token.claims[tokens.ACCEPTED]))
    return claims


def _handover(statement: rotation.Statement) -> dict[str, Any]:
    old, new = rotation.devices(statement)
    return {
        "mesh": statement.mesh.hex(),
        "from": {
            "device": old.hex(),
            "x": statement.old.hex(),
            "thumbprint": keys.thumbprint(statement.old).hex(),
        },
        "to": {
            "device": new.hex(),
            "x": statement.new.hex(),
            "thumbprint": keys.thumbprint(statement.new).hex(),
        },
        "boot": statement.boot,
        "log ends": [named(LOG_END, end) for end in statement.ends],
    }


def _schema_tree(data: bytes) -> dict[str, Any]:
    name, fields = schema.decode(data)
    told = [{**named(FIELD, one), "type": FIELD_TYPES[one[1]]} for one in fields]
    return {"name": name, "digest": schema.digest(data).hex(), "fields": told}


def _schema(data: bytes) -> Found:
    return "schema", schema.digest(data), _schema_tree(data)


def _segment(data: bytes) -> Found:
    seal_bytes, leaves = seal.decode_segment(data)
    name, _, tree = _signed(seal_bytes)
    if name != "seal":
        raise WireError("seal-shape", f"a segment begins with its seal, not with a {name}")
    return (
        "segment",
        hashlib.sha256(data).digest(),
        {"seal": tree, "leaves": [observation_tree(one) for one in leaves]},
    )


def _item(data: bytes) -> Found:
    value = cbor.decode(data)
    if value[0] == 0 and len(value) == 2:
        _, identity, tree = _signed(value[1])
        return "crossing item", identity, {"early copy": tree}
    if value[0] != 1 or len(value) != 5 or not isinstance(value[2], bytes):
        raise WireError("item-shape", "a crossing item is [0, early copy] or [1, seal, leaf, index, path]")
    tree = {
        "seal": _signed(value[1])[2],
        "leaf": observation_tree(value[2]),
        "index": value[3],
        "path": plain(value[4]),
    }
    return "crossing item", obs.observation_id(value[2]), tree


def _proof(data: bytes) -> Found:
    text, signatures = cbor.decode(data)
    tree = _agreement(text)
    if not all(isinstance(one, bytes) for one in signatures):
        raise WireError("agreement-shape", "a proof is [agreement, [signature ...]]")
    signed = [cose.decode(one, cose.AGREEMENT) for one in signatures]
    tree["signatures"] = [{"kid": one.kid.hex(), "over these bytes": one.payload == text} for one in signed]
    return "agreement proof", digest_of(text), tree


def _portable(data: bytes) -> Found:
    found = form.decode(data)
    shown = [tokens.token_id(one).hex() for one in found.tokens]
    tree = {
        "proves": found.kind,
        "roots": plain(found.roots),
        "credentials": shown,
        "evidence": plain(found.evidence),
    }
    return "proof", hashlib.sha256(data).digest(), tree


def _event(data: bytes) -> Found:
    return "event", hashlib.sha256(b"\x00" + data).digest(), plain(read_event(data))


def _named_list(name: str, names: tuple[str, ...]) -> Callable[[bytes], Found]:
    return lambda data: (name, hashlib.sha256(data).digest(), named(names, cbor.decode(data)))


READERS: dict[str, Callable[[bytes], Found]] = {
    "observation": _observation,
    "leaves": _leaves,
    "key": _key,
    "signed object": _signed,
    "segment": _segment,
    "crossing item": _item,
    "agreement proof": _proof,
    "proof": _portable,
    "event": _event,
    "merge plan": _merge_plan,
    "epoch body": _named_list("epoch", EPOCH),
    "divergence report body": _named_list("divergence report", REPORT),
    "schema body": _schema,
}
