"""Who said it, and by whose authority: signature, credential chain and attestation, checked again.

Decides from the stored envelope and tokens alone; what an earlier run concluded is not asked. SPEC 5.7, 6, 7
"""

from fieldpost.accession import accessions
from fieldpost.explain.held import Held, Shelf, Step, date, short, step
from fieldpost.model import Refusal, Verified
from fieldpost.verify import OPENERS
from fieldwire import observation as obs
from fieldwire import tokens
from fieldwire.errors import WireError
from fieldwire.tokens import Token

GRADES = (
    ("none", "no endorsement of its hardware is held"),
    ("debug", "its boot attestation says that debugging is open"),
    ("self", "its boot attestation names a build that no endorsement lists"),
    ("endorsed", "its boot attestation names a build that its endorsement lists"),
)


def said_steps(shelf: Shelf, held: Held) -> list[Step]:
    """verify, authority, attest; or verify alone where the bytes do not hold."""
    found = _opened(shelf, held)
    if isinstance(found, Refusal):
        return [step("verify", [held.envelope], "refused", found.reason, held.id, found.code, found.remedy)]
    return [_signature(shelf, held, found), _chain(shelf, found), _attestation(shelf, found)]


def _opened(shelf: Shelf, held: Held) -> Verified | Refusal:
    rows = shelf.store.query("SELECT kind, data FROM envelope WHERE hash = ?", held.envelope)
    remedy = "the store was changed or damaged; run `fieldpost rebuild`"
    if not rows:
        return Refusal("not-held", f"its envelope {short(held.envelope)} is not in the store", remedy)
    kind, data = rows[0]
    try:
        opened = OPENERS[kind](data, shelf.trust)
    except WireError as error:
        return Refusal(error.code, f"its envelope no longer verifies: {error.detail}", remedy)
    if isinstance(opened, Refusal):
        return opened
    for entry in opened:
        if entry.id == held.id:
            return entry
    return Refusal("not-held", f"its envelope {short(held.envelope)} holds other observations", remedy)


def _signature(shelf: Shelf, held: Held, entry: Verified) -> Step:
    speaker = f"device {short(held.device)} of {shelf.mesh_words(entry.mesh)}"
    said = f"{speaker} said {shelf.said_words(held)}, at {held.when_words()}"
    inputs = [held.envelope, entry.credential, held.observation[obs.BOOT_ATTESTATION]]
    if entry.seal_hash is None or entry.segment is None:
        how = "its key signed this very observation (an early copy)"
    else:
        incarnation, stream, number = entry.segment
        inputs.append(entry.seal_hash)
        how = (
            f"its key sealed segment {number} of stream {stream} (incarnation {incarnation.hex()}),"
            f" and this is leaf {entry.index} under seal {short(entry.seal_hash)}"
        )
    return step("verify", inputs, "verified", f"{said}; {how}", held.id)


def _chain(shelf: Shelf, entry: Verified) -> Step:
    chain = shelf.trust.chain(entry.credential)
    turned = {token.claims[tokens.AFTER]: token for _, token, _ in accessions(shelf.trust)}
    ceded = {token.claims[tokens.BEFORE]: token for _, token, _ in accessions(shelf.trust)}
    issuers = [f"the root of {shelf.mesh_words(entry.mesh)}"]
    issuers += [f"authority {token.claims[tokens.AUTHORITY]}" for token in chain[:-1]]
    links = [
        f"{issuer} signed {_credential_words(token, token is chain[-1])}"
        f"{_turn_words(turned.get(token.id), ceded.get(token.id))}"
        for issuer, token in zip(issuers, chain, strict=True)
    ]
    shown = [where[one.id].id for one in chain for where in (turned, ceded) if one.id in where]
    inputs = [*(token.id for token in chain), *shown]
    return step("authority", inputs, entry.authority, "; ".join(links), entry.credential, "verified")


def _turn_words(turned: Token | None, ceded: Token | None) -> str:
    """What rotations say of an authority's key: whom it followed, and that it handed over."""
    words = ""
    if turned is not None:
        words += f", whose key followed that of {short(turned.claims[tokens.BEFORE])} by rotation {short(turned.id)}"
    if ceded is not None:
        words += f", whose key handed over to that of {short(ceded.claims[tokens.AFTER])} by rotation {short(ceded.id)}"
    return words


def _credential_words(token: Token, device: bool) -> str:
    claims = token.claims
    holder = (
        f"the device's credential {short(token.id)} under"
        if device
        else f"credential {short(token.id)} of authority"
    )
    return (
        f"{holder} {claims[tokens.AUTHORITY]}: rights {', '.join(claims[tokens.RIGHTS])},"
        f" {scope_words(claims[tokens.SCOPE])}, {validity_words(token)}"
    )


def validity_words(token: Token) -> str:
    return f"valid {date(token.claims[tokens.NBF])} to {date(token.claims[tokens.EXP])}"


def scope_words(scope: list) -> str:
    subjects, formats = scope
    about = "all subjects" if subjects is None else "subjects " + ", ".join(subjects)
    named = (
        [] if formats is None else [one.hex()[:12] if isinstance(one, bytes) else str(one) for one in formats]
    )
    return about + (f" in formats {', '.join(named)}" if named else "")


def _attestation(shelf: Shelf, entry: Verified) -> Step:
    device = entry.observation[obs.DEVICE]
    attestation = entry.observation[obs.BOOT_ATTESTATION]
    endorsements = [one.id for one in shelf.trust.endorsements_of(device, entry.mesh)]
    name, words = GRADES[entry.grade]
    return step("attest", [attestation, *endorsements], name, f"grade {entry.grade}: {words}", attestation)
