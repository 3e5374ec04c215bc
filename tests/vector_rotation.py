"""Golden vectors of rotation: an old key, a new key and an authority sign that one device follows another. SPEC 7.6"""

import vector_inputs as given
from vector_handed import OWN
from vector_inputs import bad, good
from vector_tokens import AUTHORITY, DEVICE, SEAL_HASH, VALID, signed

from fieldwire import cbor, cose, keys, rotation, tokens

NEW = given.TestKey("device alpha 1, second key")
THIRD = given.TestKey("device alpha 1, third key")
ENDS = [[given.INCARNATION, 0, 3, SEAL_HASH], [given.INCARNATION, 1, 41, SEAL_HASH[::-1]]]
BOOT = 7
SMALL_ORDER = bytes((1,)) + bytes(31)  # the neutral point


def _credential(key, signer=given.AUTHORITY, issuer=OWN, **changed):
    claims = {**DEVICE, tokens.CNF: {1: keys.cose_key(key.public)}, tokens.ISSUER: tokens.token_id(issuer)}
    claims.update({getattr(tokens, name.upper()): value for name, value in changed.items()})
    return tokens.issue(cose.CREDENTIAL, claims, signer)


PEER = tokens.issue(
    cose.CREDENTIAL, {**AUTHORITY, tokens.CNF: {1: keys.cose_key(given.OTHER.public)}}, given.ROOT
)
BEFORE, AFTER = _credential(given.DEVICE), _credential(NEW)
ACCEPTED = rotation.accept(rotation.hand_over(given.MESH, NEW.public, BOOT, ENDS, given.DEVICE), NEW)


def _body(**changed):
    values = {"mesh": given.MESH, "old": given.DEVICE.public, "new": NEW.public, "boot": BOOT, "ends": ENDS}
    return list({**values, **changed}.values())


def _accepted(body, old=given.DEVICE, new=NEW):
    return signed_bytes(signed_bytes(cbor.encode(body), old), new)


def signed_bytes(payload, signer):
    return cose.sign(cose.ROTATION, payload, signer)


def _claims(accepted=ACCEPTED, new=NEW.public, before=BEFORE, after=AFTER, issuer=OWN):
    return {
        **VALID,
        tokens.CNF: {1: keys.cose_key(new)},
        tokens.ISSUER: tokens.token_id(issuer),
        tokens.ACCEPTED: accepted,
        tokens.BEFORE: tokens.token_id(before),
        tokens.AFTER: tokens.token_id(after),
    }


def _token(signer=given.AUTHORITY, **changed):
    return signed(cose.ROTATION, _claims(**changed), signer)


def rotation_rows():
    held = {"issuer": OWN, "before": BEFORE, "after": AFTER}
    data = tokens.issue(cose.ROTATION, _claims(), given.AUTHORITY)
    learned = {"id": tokens.token_id(data), "old": given.DEVICE_ID, "new": keys.device_id(NEW.public)}
    rows = [good("A device's key hands over to the next.", "rotation", data, **learned, **held)]
    streams = [[one, stream, 0, SEAL_HASH] for one in (given.INCARNATION, given.OTHER_INCARNATION)
               for stream in range(4)]  # fmt: skip
    accepted = [
        ("A device that sealed nothing may hand over.", []),
        ("Eight streams end, and the token stays within its limit.", streams),
    ]
    for name, ends in accepted:
        data = tokens.issue(cose.ROTATION, _claims(_accepted(_body(ends=ends))), given.AUTHORITY)
        rows.append(good(name, "rotation", data, **{**learned, "id": tokens.token_id(data)}, **held))
    for name, error, seen, data, changed in _unfit() + _misshapen(streams) + _unsigned():
        rows.append(bad(name, "rotation", data, error, seen, **{**held, **changed}))
    return rows + _root_rows()


def _unsigned():
    """The signatures of the old key, of the new one and of the authority, each wrong in its own way."""
    handover = signed_bytes(cbor.encode(_body()), given.DEVICE)
    altered = rotation.decode(ACCEPTED)
    later = cbor.encode(_body(ends=[[*ENDS[0][:3], SEAL_HASH[::-1]], ENDS[1]]))
    moved = cose.assemble(altered.handover.protected_bytes, later, altered.handover.signature)
    cases = [
        ("The old key's signature may not be missing.", "cose-shape", "refuses",
         _token(accepted=signed_bytes(cbor.encode(_body()), NEW))),
        ("The new key's signature may not be missing.", "cose-shape", "refuses", _token(accepted=handover)),
        ("A third key does not hand over for the old one.", "signature-bad", "accepts",
         _token(accepted=_accepted(_body(), old=THIRD))),
        ("A third key does not accept for the new one.", "signature-bad", "accepts",
         _token(accepted=_accepted(_body(), new=THIRD))),
        ("The old key does not accept for the new one.", "signature-bad", "accepts",
         _token(accepted=_accepted(_body(), new=given.DEVICE))),
        ("Another last seal than the one signed is refused.", "signature-bad", "accepts",
         _token(accepted=signed_bytes(moved, NEW))),
        ("A rotation by another key is refused.", "signature-bad", "accepts", _token(given.OTHER)),
        ("A new key of small order is refused.", "signature-bad", "accepts", _small_order()),
    ]  # fmt: skip
    return [(name, error, seen, data, {}) for name, error, seen, data in cases] + [
        ("A new key of small order has no credential to follow with.", "signature-bad", "accepts",
         _small_order(_small_credential()), {"after": _small_credential()}),
    ]  # fmt: skip


class _SmallOrder:
    """A public key under which forgeries verify wherever points of small order are taken."""

    public = SMALL_ORDER

    def sign(self, message):
        return SMALL_ORDER + bytes(32)


def _small_credential():
    return _credential(_SmallOrder)


def _small_order(after=AFTER):
    accepted = _accepted(_body(new=SMALL_ORDER), new=_SmallOrder())
    return _token(accepted=accepted, new=SMALL_ORDER, after=after)


def _misshapen(streams):
    one = ENDS[0]
    bodies = [
        ("A key does not hand over to itself.", _body(new=given.DEVICE.public), "accepts"),
        ("A handover of four parts is refused.", _body()[:4], "refuses"),
        ("An old key of 31 bytes is refused.", _body(old=given.DEVICE.public[1:]), "refuses"),
        ("A boot of 43 bits is refused.", _body(boot=1 << 42), "refuses"),
        ("Ends that are no list are refused.", _body(ends=7), "refuses"),
        ("Nine ends are refused.", _body(ends=[*streams, [b"\xff" * 8, 0, 0, SEAL_HASH]]), "refuses"),
        ("An end without its segment is refused.", _body(ends=[[*one[:2], SEAL_HASH]]), "refuses"),
        ("An end of stream 4 is refused.", _body(ends=[[one[0], 4, 3, SEAL_HASH]]), "refuses"),
        ("A segment number of 33 bits is refused.", _body(ends=[[*one[:2], 1 << 32, SEAL_HASH]]), "refuses"),
        ("An end without a seal hash is refused.", _body(ends=[[*one[:3], None]]), "refuses"),
        ("Ends out of order are refused.", _body(ends=ENDS[::-1]), "accepts"),
        ("Two ends of one stream are refused.", _body(ends=[one, [*one[:2], 4, SEAL_HASH]]), "accepts"),
    ]
    rows = [(name, "token-shape", seen, _token(accepted=_accepted(body)), {}) for name, body, seen in bodies]
    long_boot = cbor.encode(_body()).replace(b"\x07\x82\x84", b"\x18\x07\x82\x84", 1)
    relabelled = cose.sign(cose.BOOT, signed_bytes(cbor.encode(_body()), given.DEVICE), NEW)
    claims = _claims()
    lacking = {key: value for key, value in claims.items() if key != tokens.BEFORE}
    return rows + [
        ("A handover that is not canonical is refused.", "cbor-not-shortest", "accepts",
         _token(accepted=signed_bytes(signed_bytes(long_boot, given.DEVICE), NEW)), {}),
        ("An acceptance of another type is refused.", "cose-typ", "refuses",
         _token(accepted=relabelled), {}),
        ("A rotation whose cnf is another key is refused.", "token-shape", "accepts",
         _token(new=THIRD.public), {}),
        ("A rotation without the credential before is refused.", "token-shape", "refuses",
         signed(cose.ROTATION, lacking, given.AUTHORITY), {}),
        ("A credential after of 32 bytes is refused.", "token-shape", "refuses",
         signed(cose.ROTATION, {**claims, tokens.AFTER: bytes(32)}, given.AUTHORITY), {}),
        ("A handover alone is no token.", "token-shape", "refuses",
         signed_bytes(cbor.encode(_body()), given.DEVICE), {}),
    ]  # fmt: skip


def _unfit():
    """Well signed, and not to be believed for what the credentials say."""
    other = _credential(given.OTHER)
    wider, elsewhere = _credential(NEW, scope=[None, None]), _credential(NEW, authority="north/valley")
    louder = _credential(NEW, rights=["observe"])
    by_peer = _credential(NEW, given.OTHER, PEER)
    stranger = _accepted(_body(mesh=given.FOREIGN_MESH))
    return [
        ("An authority that did not issue the new credential has no right to it.", "token-chain", "accepts",
         _token(given.OTHER, issuer=PEER), {"issuer": PEER}),
        ("A new credential by another authority is not this one's to follow.", "token-chain", "accepts",
         _token(after=by_peer), {"after": by_peer}),
        ("A handover does not serve another device.", "token-chain", "accepts",
         _token(before=other), {"before": other}),
        ("A handover does not serve another new credential.", "token-chain", "accepts",
         _token(after=other), {"after": other}),
        ("A handover in another mesh is refused.", "token-chain", "accepts", _token(accepted=stranger), {}),
        ("A wider scope does not follow.", "token-chain", "accepts", _token(after=wider), {"after": wider}),
        ("Another authority does not follow.", "token-chain", "accepts",
         _token(after=elsewhere), {"after": elsewhere}),
        ("Other rights do not follow.", "token-chain", "accepts", _token(after=louder), {"after": louder}),
    ]  # fmt: skip


def _authority(key, signer=given.ROOT, **changed):
    """A credential like the authority's own, for another key; of the root where no issuer is named."""
    claims = {**AUTHORITY, tokens.CNF: {1: keys.cose_key(key.public)}}
    claims.update({getattr(tokens, name.upper()): value for name, value in changed.items()})
    return tokens.issue(cose.CREDENTIAL, claims, signer)


SECOND = given.TestKey("authority alpha/north, second key")
HEIR = _authority(SECOND)


def _accession(signer=given.ROOT, new=SECOND, before=OWN, after=HEIR, issuer=None, accepted=None, **body):
    """A rotation of the authority's key; no issuer unless one is given."""
    stated = {"old": given.AUTHORITY.public, "new": new.public, "boot": 0, "ends": [], **body}
    accepted = accepted or _accepted(_body(**stated), old=given.AUTHORITY, new=new)
    claims = _claims(accepted, new.public, before, after, issuer or OWN)
    if issuer is None:
        del claims[tokens.ISSUER]
    return signed(cose.ROTATION, claims, signer)


def _root_rows():
    """A rotation without an issuer: the root of the handover's mesh signs it, as it signed the credential after."""
    held = {"root": given.ROOT.public, "before": OWN, "after": HEIR}
    ids = {"old": keys.device_id(given.AUTHORITY.public), "new": keys.device_id(SECOND.public)}

    def followed(name, data, **changed):
        return good(name, "rotation", data, id=tokens.token_id(data), **ids, **{**held, **changed})

    def unfit(name, error, data, changed):
        inputs = {key: value for key, value in {**held, **changed}.items() if value is not None}
        return bad(name, "rotation", data, error, "accepts", **inputs)

    peer = _authority(given.OTHER)
    before = _authority(given.AUTHORITY, given.OTHER, issuer=tokens.token_id(peer), depth=1)
    after = _authority(SECOND, depth=1)
    rows = [
        followed("An authority's key hands over by the root.", _accession()),
        followed("What another authority had signed before, the root may let follow.",
                 _accession(before=before, after=after), before=before, after=after),
    ]  # fmt: skip
    return rows + [unfit(*case) for case in _unfit_for_the_root()]


def _unfit_for_the_root():
    far = _authority(SECOND, given.FOREIGN_ROOT, mesh=given.FOREIGN_MESH)
    elsewhere, wider = _authority(SECOND, authority="north/valley"), _authority(SECOND, depth=3)
    narrow = _authority(given.AUTHORITY, scope=[["north"], None])
    silent = _authority(given.AUTHORITY, rights=["observe", "time"])
    issued = _authority(SECOND, given.OTHER, issuer=tokens.token_id(_authority(given.OTHER)))
    stranger = {"mesh": given.FOREIGN_MESH}
    third = _accepted(
        _body(old=given.AUTHORITY.public, new=SECOND.public, boot=0, ends=[]), old=THIRD, new=SECOND
    )
    return [
        ("Another key than the root's signs no rotation without an issuer.", "signature-bad",
         _accession(given.OTHER), {}),
        ("The former key itself is not the root.", "signature-bad", _accession(given.AUTHORITY), {}),
        ("Another mesh's root is not this one's.", "signature-bad", _accession(given.FOREIGN_ROOT), {}),
        ("Another mesh's root does not rotate what lies in this one.", "token-chain",
         _accession(given.FOREIGN_ROOT), {"root": given.FOREIGN_ROOT.public}),
        ("A handover in another mesh is not the root's to confirm.", "token-chain", _accession(**stranger), {}),
        ("Another mesh's root confirms no handover in its own mesh for credentials of this one.", "token-chain",
         _accession(given.FOREIGN_ROOT, **stranger), {"root": given.FOREIGN_ROOT.public}),
        ("A new credential of another mesh does not follow.", "token-chain",
         _accession(after=far), {"after": far}),
        ("The root does not rotate to what an authority signed.", "token-chain",
         _accession(after=issued), {"after": issued}),
        ("An authority does not rotate to what the root signed.", "token-chain",
         _accession(given.AUTHORITY, issuer=OWN), {"root": None, "issuer": OWN}),
        ("Another authority does not follow by the root.", "token-chain",
         _accession(after=elsewhere), {"after": elsewhere}),
        ("A wider scope does not follow by the root.", "token-chain",
         _accession(before=narrow), {"before": narrow}),
        ("Wider rights do not follow by the root.", "token-chain",
         _accession(before=silent), {"before": silent}),
        ("A greater depth does not follow by the root.", "token-chain", _accession(after=wider), {"after": wider}),
        ("A third key does not hand over for an authority's.", "signature-bad", _accession(accepted=third), {}),
    ]  # fmt: skip


FILES = {"rotation": rotation_rows}
