"""Golden vectors of what a bridge hands down to a device of its mesh, and of what bridges offer each other.

SPEC 7.1, 7.4, 10.3, 10.4
"""

import vector_inputs as given
from vector_inputs import bad, good, observation
from vector_seals import body_of, hashes, sealed
from vector_tokens import ALL, AUTHORITY, EQUIVALENCE, VALID

from fieldwire import cbor, cose, keys, merkle, tokens
from fieldwire import observation as obs

OTHER_FOREIGN = given.TestKey("authority beta/inland")
FOREIGN_DEVICE = given.TestKey("device beta 1")


def _credential(claims, signer, issuer=None):
    more = {} if issuer is None else {tokens.ISSUER: tokens.token_id(issuer)}
    return tokens.issue(cose.CREDENTIAL, {**claims, **more}, signer)


def _claims(mesh, authority, key, **changed):
    claims = {
        **VALID,
        tokens.CNF: {1: keys.cose_key(key.public)},
        tokens.MESH: mesh,
        tokens.AUTHORITY: authority,
        tokens.SCOPE: ALL,
        tokens.RIGHTS: ["observe", "translate"],
        tokens.DEPTH: 1,
    }
    return {**claims, **{getattr(tokens, name.upper()): value for name, value in changed.items()}}


OWN = _credential(AUTHORITY, given.ROOT)
MUTE = _credential(_claims(given.MESH, "mute", given.OTHER, rights=["observe"]), given.ROOT)
AGENT = _credential(_claims(given.MESH, "agent", given.BRIDGE, rights=["boundary", "translate"]), given.ROOT)
LEAF = _credential(_claims(given.MESH, "leaf", given.OTHER, depth=0), given.ROOT)
COAST = _credential(_claims(given.FOREIGN_MESH, "coast", given.FOREIGN), given.FOREIGN_ROOT)


def _device(**changed):
    changed = {"rights": ["observe"], "depth": 0, **changed}
    return _credential(
        _claims(given.FOREIGN_MESH, "coast/pier", FOREIGN_DEVICE, **changed), given.FOREIGN, COAST
    )


def _equivalence(signer=given.AUTHORITY, issuer=OWN, **changed):
    claims = {**EQUIVALENCE, tokens.SCOPE: ALL, tokens.ISSUER: tokens.token_id(issuer)}
    claims.update({getattr(tokens, name.upper()): value for name, value in changed.items()})
    return tokens.issue(cose.EQUIVALENCE, claims, signer)


def _reading(credential, **changed):
    places = {"device": keys.device_id(FOREIGN_DEVICE.public), "credential": tokens.token_id(credential)}
    return observation(0, **{"subject": "coast/pier", **places, **changed})


def _early(credential, signer=FOREIGN_DEVICE, **changed):
    return obs.early_copy(obs.encode(_reading(credential, **changed)), signer)


def _item(credential):
    made = [_reading(credential), {**_reading(credential), obs.SEQ: 1}]
    leaves = [obs.encode(one) for one in made]
    whole = sealed(body_of(count=2, credential=tokens.token_id(credential)), leaves, FOREIGN_DEVICE)
    return [1, whole, leaves[1], 1, merkle.inclusion_path(hashes(leaves), 1)]


ROOT = given.FOREIGN_ROOT.public
DEVICE = _device()
CHAIN = [ROOT, COAST, DEVICE]


def handed_rows():
    own, equal = {"root": given.ROOT.public, "held": [OWN, MUTE, AGENT, LEAF]}, _equivalence()
    accepted = [
        ("A foreign early copy comes with its chain and an equivalence.", _early(DEVICE)),
        ("A foreign early copy may come as a crossing item.", [0, _early(DEVICE)]),
        ("A foreign sealed observation comes with its path.", _item(DEVICE)),
    ]
    rows = []
    for name, item in accepted:
        data = cbor.encode(["foreign", item, CHAIN, equal])
        leaf = (
            cose.decode(item if isinstance(item, bytes) else item[1]).payload if len(item) != 5 else item[2]
        )
        rows.append(
            good(name, "handed-down", data, id=obs.observation_id(leaf), authority="north/partners", **own)
        )
    for name, error, item, chain, equivalence in _refused_items() + _refused_bindings():
        data = cbor.encode(["foreign", item, chain, equivalence])
        seen = "refuses" if error == "item-shape" or len(chain) == 1 else "accepts"
        rows.append(bad(name, "handed-down", data, error, seen, **own))
    nothing = cbor.encode(["firmware", b"\x00"])
    rows.append(bad("A thing that is neither is refused.", "handed-down", nothing, "object-unknown", **own))
    return rows


def _refused_items():
    equal, copy = _equivalence(), _early(DEVICE)
    silent, narrow, stranger = _device(rights=[]), _device(scope=[["coast/quay"], None]), _device(depth=1)
    return [
        ("An item of a third kind is refused.", "item-shape", [2, copy], CHAIN, equal),
        ("True is no number of an item's form.", "item-shape", [True, *_item(DEVICE)[1:]], CHAIN, equal),
        ("False is no number of an item's form.", "item-shape", [False, copy], CHAIN, equal),
        ("An item of four parts is refused.", "item-shape", _item(DEVICE)[:4], CHAIN, equal),
        ("A credential that is not in the chain is not known.", "token-unknown", copy, CHAIN[:2], equal),
        ("A credential without its issuer is refused.", "token-issuer-unknown", copy, [ROOT, DEVICE], equal),
        ("A chain without a token is refused.", "token-chain", copy, [ROOT], equal),
        ("A delegation that is used up gives no other.", "token-chain", copy, [ROOT, COAST, stranger], equal),
        ("A credential of another mesh is refused.", "token-chain", copy, [ROOT, OWN], equal),
        (
            "A device without the right to observe is refused.",
            "token-right",
            _early(silent),
            [ROOT, COAST, silent],
            equal,
        ),
        (
            "A subject outside the credential's scope is refused.",
            "token-scope",
            _early(narrow),
            [ROOT, COAST, narrow],
            equal,
        ),
        (
            "A credential of another device is refused.",
            "device-mismatch",
            _early(DEVICE, device=given.DEVICE_ID),
            CHAIN,
            equal,
        ),
        ("Another key's early copy is refused.", "signature-bad", _early(DEVICE, given.OTHER), CHAIN, equal),
        (
            "A chain under another root is of another mesh.",
            "token-chain",
            copy,
            [given.ROOT.public, COAST, DEVICE],
            equal,
        ),
    ]


def _refused_bindings():
    copy = _early(DEVICE)
    bound = EQUIVALENCE[tokens.FOREIGN]
    inland = [given.FOREIGN_MESH, "coast", keys.thumbprint(OTHER_FOREIGN.public)]
    bindings = [
        ("A negative equivalence is refused.", "equivalence-unfit", _equivalence(negative=True)),
        ("An equivalence with another key is refused.", "equivalence-unfit", _equivalence(foreign=inland)),
        (
            "An equivalence with a third mesh is refused.",
            "equivalence-unfit",
            _equivalence(foreign=[bytes(32), *bound[1:]]),
        ),
        (
            "An equivalence into a third mesh is refused.",
            "equivalence-unfit",
            _equivalence(local=[bytes(32), "north/partners"]),
        ),
        (
            "An equivalence for another subject is refused.",
            "token-scope",
            _equivalence(scope=[["coast/quay"], None]),
        ),
        ("An issuer may not translate for others.", "token-right", _equivalence(local=[given.MESH, "south"])),
        (
            "An issuer without the right may not translate.",
            "token-right",
            _equivalence(given.OTHER, MUTE, local=[given.MESH, "mute/partners"]),
        ),
        (
            "A boundary agent's credential issues nothing.",
            "token-chain",
            _equivalence(given.BRIDGE, AGENT, local=[given.MESH, "agent/partners"]),
        ),
        (
            "A credential of depth 0 issues nothing.",
            "token-chain",
            _equivalence(given.OTHER, LEAF, local=[given.MESH, "leaf/partners"]),
        ),
        ("An issuer that is not held is not known.", "token-issuer-unknown", _equivalence(issuer=COAST)),
        ("An equivalence does not outlive its issuer.", "token-chain", _equivalence(exp=given.EXP + 1)),
        ("An equivalence by another key is refused.", "signature-bad", _equivalence(given.OTHER)),
    ]
    return [(name, error, copy, CHAIN, equivalence) for name, error, equivalence in bindings]


def offer_rows():
    ids = [bytes((n,)) * 32 for n in range(1, 5)]
    clock = [given.DEVICE_ID, -40_000, 40_000, None]
    whole = [3, [["coast", [[ids[0], 3], [ids[1], 2]]]], [ids[2]], [clock], [[ids[3], "unmapped"]]]
    rows = [
        good("An offer says what would be admitted and what is known of time.", "offer", cbor.encode(whole)),
        good("An offer may be empty.", "offer", cbor.encode([0, [], [], [], []])),
    ]
    swapped = [["coast", [[ids[1], 2], [ids[0], 3]]]]
    wrong = [
        ("Ids out of order are refused.", [3, swapped, *whole[2:]], "accepts"),
        ("An offer of four parts is refused.", whole[:4], "refuses"),
        ("Evidence that is no list is refused.", [*whole[:2], 7, *whole[3:]], "refuses"),
    ]
    return rows + [bad(name, "offer", cbor.encode(value), "offer-shape", cddl) for name, value, cddl in wrong]


FILES = {"handed_down": handed_rows, "offer": offer_rows}
