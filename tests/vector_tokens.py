"""Golden vectors of tokens: what an authority or a device signs about itself and others. SPEC 7"""

import hashlib

import vector_inputs as given
from vector_inputs import bad, good

from fieldwire import cbor, cose, keys, tokens

MEASUREMENT = hashlib.sha256(b"fieldpost test build").digest()
SEAL_HASH = hashlib.sha256(b"fieldpost test seal").digest()
UEID = tokens.ueid(b"fieldpost test board 1")
ISSUER = bytes.fromhex("c1" * 16)
ALL = [None, None]
VALID = {tokens.EXP: given.EXP, tokens.NBF: given.NBF}


def _cnf(public):
    return {1: keys.cose_key(public)}


AUTHORITY = {
    **VALID,
    tokens.CNF: _cnf(given.AUTHORITY.public),
    tokens.MESH: given.MESH,
    tokens.AUTHORITY: "north",
    tokens.SCOPE: ALL,
    tokens.RIGHTS: ["observe", "time", "translate"],
    tokens.DEPTH: 2,
}
DEVICE = {
    **AUTHORITY,
    tokens.CNF: _cnf(given.DEVICE.public),
    tokens.AUTHORITY: "north/ridge",
    tokens.SCOPE: [["north/ridge", "log"], [given.FORMAT, 65_020, 65_021]],
    tokens.RIGHTS: ["observe", "time"],
    tokens.DEPTH: 0,
    tokens.ISSUER: ISSUER,
}
ENDORSEMENT = {
    **VALID,
    tokens.CNF: _cnf(given.DEVICE.public),
    tokens.UEID: UEID,
    tokens.OEMID: hashlib.sha256(b"fieldpost test maker").digest()[:16],
    tokens.HWMODEL: b"unix",
    tokens.PROFILE: tokens.EAT_PROFILE,
    tokens.ISSUER: ISSUER,
    tokens.MEASUREMENTS: [MEASUREMENT],
    tokens.CLOCK: [-40_000, 40_000, None],
}
BOOT = {
    tokens.UEID: UEID,
    tokens.DBGSTAT: 3,
    tokens.PROFILE: tokens.EAT_PROFILE,
    tokens.BOOTCOUNT: 3,
    tokens.BOOTSEED: bytes(range(32)),
    tokens.SWVERSION: ["0.1.0"],
    tokens.MEASUREMENT: MEASUREMENT,
}
EQUIVALENCE = {
    **VALID,
    tokens.SCOPE: [["coast"], None],
    tokens.ISSUER: ISSUER,
    tokens.FOREIGN: [given.FOREIGN_MESH, "coast", keys.thumbprint(given.FOREIGN.public)],
    tokens.LOCAL: [given.MESH, "north/partners"],
    tokens.PATH_LENGTH: 0,
    tokens.NEGATIVE: False,
}
REVOCATION = {**VALID, tokens.ISSUER: ISSUER, tokens.TARGET: given.DEVICE_ID}


def signed(typ, claims, signer):
    """Token bytes without the checks that our own encoder makes."""
    return cose.sign(typ, cbor.encode(claims), signer)


def _rows(kind, typ, signer, accepted, refused):
    """`accepted`: (name, claims); `refused`: (name, claims, what the grammar does)."""
    rows = []
    for name, claims in accepted:
        data = tokens.issue(typ, claims, signer)
        rows.append(good(name, kind, data, id=tokens.token_id(data), public=signer.public))
    for name, claims, cddl in refused:
        rows.append(bad(name, kind, signed(typ, claims, signer), "token-shape", cddl, public=signer.public))
    return rows


def _lacking(claims, label):
    return {key: value for key, value in claims.items() if key != label}


def credential_rows():
    d, t = DEVICE, tokens
    many = ["s%d" % n for n in range(17)]
    rows = _rows("credential", cose.CREDENTIAL, given.ROOT, [("The root names an authority.", AUTHORITY)], [])
    refused = [
        ("A credential without a key is refused.", _lacking(d, t.CNF), "refuses"),
        ("A credential without a mesh is refused.", _lacking(d, t.MESH), "refuses"),
        ("A credential that ends before it begins is refused.", {**d, t.EXP: given.NBF}, "accepts"),
        ("A validity in text is refused.", {**d, t.EXP: "2100"}, "refuses"),
        ("A wildcard in a scope is refused.", {**d, t.SCOPE: [["north/*"], None]}, "refuses"),
        ("A scope of seventeen subjects is refused.", {**d, t.SCOPE: [many, None]}, "refuses"),
        ("A scope with a format of 17 bits is refused.", {**d, t.SCOPE: [None, [65_536]]}, "refuses"),
        ("A scope of no subjects is refused.", {**d, t.SCOPE: [[], None]}, "refuses"),
        ("A right that is not known is refused.", {**d, t.RIGHTS: ["observe", "rule"]}, "refuses"),
        ("Rights out of order are refused.", {**d, t.RIGHTS: ["time", "observe"]}, "accepts"),
        ("A right named twice is refused.", {**d, t.RIGHTS: ["time", "time"]}, "accepts"),
        ("A delegation depth of 4 is refused.", {**d, t.DEPTH: 4}, "refuses"),
        ("An issuer of 32 bytes is refused.", {**d, t.ISSUER: bytes(32)}, "refuses"),
        ("A claim without a place is refused.", {**d, 2: "device"}, "refuses"),
    ]
    accepted = [("An authority names a device.", d)]
    rows += _rows("credential", cose.CREDENTIAL, given.AUTHORITY, accepted, refused)
    key = {1: 2, -1: 1, -2: bytes(32)}
    data = signed(cose.CREDENTIAL, {**d, t.CNF: {1: key}}, given.AUTHORITY)
    public = given.AUTHORITY.public
    rows.append(
        bad("A credential for another kind of key is refused.", "credential", data, "key-bad", public=public)
    )
    data = signed(cose.ENDORSEMENT, ENDORSEMENT, given.AUTHORITY)
    rows.append(bad("An endorsement is no credential.", "credential", data, "cose-typ", public=public))
    forged = signed(cose.CREDENTIAL, d, given.OTHER)
    rows.append(
        bad(
            "A credential by another key is refused.",
            "credential",
            forged,
            "signature-bad",
            "accepts",
            public=public,
        )
    )
    subjects = ["%s/%d" % ("a" * 29, n) for n in range(16)]
    long = {**d, t.SCOPE: [["/".join([one] * 2) for one in subjects], [bytes((n,)) * 16 for n in range(16)]]}
    data = signed(cose.CREDENTIAL, long, given.AUTHORITY)
    name = "A token of more than 1,024 bytes is refused."
    return rows + [bad(name, "credential", data, "token-shape", "accepts", public=public)]


def endorsement_rows():
    e, t = ENDORSEMENT, tokens
    accepted = [
        ("An authority endorses a board and its clock.", e),
        ("An oemid may be the three bytes of an IEEE registration.", {**e, t.OEMID: b"\x00\x50\xc2"}),
        ("A wander may be stated.", {**e, t.CLOCK: [-2_000, 3_000, 500]}),
        ("An endorsement may list ten builds.", {**e, t.MEASUREMENTS: [bytes((n,)) * 32 for n in range(10)]}),
    ]
    refused = [
        ("A ueid of another type is refused.", {**e, t.UEID: b"\x02" + bytes(16)}, "accepts"),
        ("A ueid of 8 bytes is refused.", {**e, t.UEID: bytes(8)}, "refuses"),
        ("Another profile is refused.", {**e, t.PROFILE: "tag:example.org,2020:x"}, "refuses"),
        ("Clock rates in the wrong order are refused.", {**e, t.CLOCK: [1, -1, None]}, "accepts"),
        (
            "A clock that is off by more than a tenth is refused.",
            {**e, t.CLOCK: [0, 10**8 + 1, None]},
            "refuses",
        ),
        ("A negative wander is refused.", {**e, t.CLOCK: [0, 1, -1]}, "refuses"),
        ("Eleven builds are refused.", {**e, t.MEASUREMENTS: [bytes(32)] * 11}, "refuses"),
        ("An endorsement without an issuer is refused.", _lacking(e, t.ISSUER), "refuses"),
        ("An oemid of 8 bytes is refused.", {**e, t.OEMID: bytes(8)}, "refuses"),
        ("A hardware model in text is refused.", {**e, t.HWMODEL: "unix"}, "refuses"),
    ]
    return _rows("endorsement", cose.ENDORSEMENT, given.AUTHORITY, accepted, refused)


def boot_rows():
    b, t = BOOT, tokens
    refused = [
        ("A debug state of 5 is refused.", {**b, t.DBGSTAT: 5}, "refuses"),
        ("A boot seed of 7 bytes is refused.", {**b, t.BOOTSEED: bytes(7)}, "refuses"),
        ("Two versions are refused.", {**b, t.SWVERSION: ["1", "2"]}, "refuses"),
        ("A measurement of 16 bytes is refused.", {**b, t.MEASUREMENT: bytes(16)}, "refuses"),
        ("A boot attestation with a validity is refused.", {**b, t.EXP: given.EXP}, "refuses"),
    ]
    accepted = [
        ("A device states its build at boot.", b),
        ("A device says that debugging is open.", {**b, t.DBGSTAT: 0}),
    ]
    return _rows("boot", cose.BOOT, given.DEVICE, accepted, refused)


def equivalence_rows():
    e, t = EQUIVALENCE, tokens
    refused = [
        (
            "An equivalence inside one mesh is refused.",
            {**e, t.LOCAL: [given.FOREIGN_MESH, "coast"]},
            "accepts",
        ),
        ("A foreign authority without a key is refused.", {**e, t.FOREIGN: e[t.FOREIGN][:2]}, "refuses"),
        ("A wildcard in an authority is refused.", {**e, t.LOCAL: [given.MESH, "north/*"]}, "refuses"),
        ("A negative that is a number is refused.", {**e, t.NEGATIVE: 1}, "refuses"),
        ("An equivalence without a path length is refused.", _lacking(e, t.PATH_LENGTH), "refuses"),
    ]
    accepted = [
        ("An authority takes a foreign authority for one of its own.", e),
        ("An authority denies an equivalence.", {**e, t.NEGATIVE: True}),
    ]
    return _rows("equivalence", cose.EQUIVALENCE, given.AUTHORITY, accepted, refused)


def revocation_rows():
    r, t = REVOCATION, tokens
    last = [[given.INCARNATION, 0, None], [given.INCARNATION, 1, SEAL_HASH]]
    refused = [
        ("A target of 32 bytes is refused.", {**r, t.TARGET: bytes(32)}, "refuses"),
        (
            "A last good seal of stream 4 is refused.",
            {**r, t.LAST_GOOD: [[given.INCARNATION, 4, None]]},
            "refuses",
        ),
        ("Last good seals that are no list are refused.", {**r, t.LAST_GOOD: 7}, "refuses"),
        ("A staying credential of 32 bytes is refused.", {**r, t.STAYING: [bytes(32)]}, "refuses"),
        ("Last good seals out of order are refused.", {**r, t.LAST_GOOD: last[::-1]}, "accepts"),
        (
            "Two last good seals of one stream are refused.",
            {**r, t.LAST_GOOD: [last[0], [given.INCARNATION, 0, SEAL_HASH]]},
            "accepts",
        ),
        (
            "A staying credential that is named twice is refused.",
            {**r, t.STAYING: [bytes(16), bytes(16)]},
            "accepts",
        ),
        ("A revocation without a target is refused.", _lacking(r, t.TARGET), "refuses"),
    ]
    accepted = [
        ("A device is revoked from the start.", r),
        ("A device is revoked after its last good seals.", {**r, t.LAST_GOOD: last}),
        (
            "An authority is revoked and its good credentials stay.",
            {**r, t.TARGET: ISSUER, t.STAYING: [bytes(16)]},
        ),
    ]
    return _rows("revocation", cose.REVOCATION, given.AUTHORITY, accepted, refused)


def schema_token_rows():
    public = given.AUTHORITY.public
    data = tokens.issue_schema(given.SCHEMA, given.AUTHORITY)
    rows = [good("A schema travels signed.", "schema-token", data, id=tokens.token_id(data))]
    bad_schema = cose.sign(cose.SCHEMA, cbor.encode(["x", []]), given.AUTHORITY)
    rows.append(bad("A signed schema is checked as a schema.", "schema-token", bad_schema, "schema-shape"))
    empty = cose.sign_detached(cose.SCHEMA, given.SCHEMA, given.AUTHORITY, None)
    rows.append(bad("A signed schema carries its bytes.", "schema-token", empty, "token-shape"))
    return [{**row, "public": public.hex()} for row in rows]


FILES = {
    "credential": credential_rows,
    "endorsement": endorsement_rows,
    "boot": boot_rows,
    "equivalence": equivalence_rows,
    "revocation": revocation_rows,
    "schema_token": schema_token_rows,
}
