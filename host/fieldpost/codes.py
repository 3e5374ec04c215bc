"""The bridge's codes: number, meaning and remedy of every verdict that is not a plain wire error.

Numbers are stable and start at 100; those below are fieldwire's. SPEC 16
"""

from fieldpost.model import Refusal
from fieldwire.error_table import MEANING
from fieldwire.errors import WireError

# name: (number, meaning, remedy)
CODES: dict[str, tuple[int, str, str]] = {
    "admitted": (100, "admitted under its own mesh's authority", "nothing to do"),
    "admitted-mapped": (101, "admitted under a local authority by equivalences", "nothing to do"),
    "evidence": (102, "time evidence or a gap record: kept, enters no picture", "nothing to do"),
    "admitted-unproven": (
        103,
        "admitted without proven time, as the agreement says",
        "bring a UTC claim or more exchanges to prove it",
    ),
    "credential-unknown": (
        110,
        "the credential named is not held",
        "let the sender offer its tokens; they go before the data",
    ),
    "credential-chain": (
        111,
        "the credential's chain does not reach a known root",
        "enrol the device under an authority of its mesh",
    ),
    "credential-rights": (112, "the credential lacks the right", "issue a credential with that right"),
    "credential-scope": (
        113,
        "the credential's scope does not cover subject or format",
        "issue a credential whose scope covers it",
    ),
    "credential-expired": (
        114,
        "outside the credential's validity at the reconciled interval",
        "issue a new credential",
    ),
    "credential-revoked": (
        115,
        "revoked, and not on the chain that was declared good",
        "re-enrol the device",
    ),
    "token-issuer-unknown": (116, "the token's issuer is not held yet", "deliver the issuer's credential"),
    "attestation-unknown": (117, "the boot attestation named is not held", "let the device offer its tokens"),
    "mesh-unknown": (118, "the mesh's root key is not known here", "sign an agreement with that mesh"),
    "credential-rotated": (
        119,
        "by a device that had handed over to another key before it",
        "ask who holds the old key; revoke the old device where it goes on to speak",
    ),
    "unproven-time": (
        120,
        "no evidence yet puts it inside the credential's validity",
        "bring a UTC claim or more exchanges",
    ),
    "replayed": (130, "the same bytes were imported before", "nothing to do: the first copy stands"),
    "forked": (
        131,
        "two different contents under one position or seal",
        "re-enrol the device; show the proof to its authority",
    ),
    "incomplete": (132, "a source in its lineage is not held", "let the missing source cross"),
    "agreement-none": (
        140,
        "no agreement with that mesh",
        "agree with it: write, check and sign an agreement",
    ),
    "agreement-scope": (
        141,
        "no scope of the agreement covers the subject in this direction",
        "add a scope to the next version",
    ),
    "agreement-stale": (142, "an older version of the agreement", "adopt the newer version attached"),
    "agreement-unsigned": (143, "not signed by both roots", "have both roots sign the same text"),
    "agreement-overlap": (
        163,
        "two agreements claim one scope; neither applies there",
        "agree on one text: a higher version, signed by all roots, that claims it alone",
    ),
    "unmapped": (144, "no equivalence maps its authority to one of ours", "fieldpost taxonomy attest"),
    "denied": (145, "a negative statement excludes its authority", "revoke the negative statement"),
    "scope-stopped": (
        146,
        "its scope is stopped by an open case",
        "settle it by a merge: `fieldpost cases plan`",
    ),
    "plan-other": (
        147,
        "a merge plan for another case, epoch, agreement or scope",
        "write the plan anew with `fieldpost cases plan`",
    ),
    "plan-voice": (
        148,
        "signed by nobody whom the agreement's [merge] names",
        "have it signed by an authority that the agreement names",
    ),
    "plan-conflict": (
        149,
        "two merge plans of one case are both carried by a quorum",
        "have voices reject one of them with `fieldpost cases reject`",
    ),
    "case-settled": (
        161,
        "the case was merged, and an epoch that both sides signed rests on it",
        "nothing to do: later disputes open a case of their own",
    ),
    "merged": (162, "the case was closed by a merge plan that a quorum voted for", "nothing to do"),
    "channel-closed": (150, "the channel is partitioned or one-way", "fieldpost channel set NAME open"),
    "channel-withheld": (
        151,
        "the channel withholds this subject tree",
        "change the channel's withheld subjects",
    ),
    "peer-unauthenticated": (
        152,
        "the handshake does not verify",
        "check the peer's credentials and the agreement's parties",
    ),
    "not-held": (153, "the other side does not hold it", "let it cross"),
    "quota": (
        154,
        "more waits for missing tokens than this bridge keeps",
        "deliver the tokens first, then what they prove",
    ),
    "dropped": (
        155,
        "the device's own log dropped it, and says so in a gap record",
        "drain the device more often, or give its log more room",
    ),
    "epoch-mismatch": (
        160,
        "the other side decided differently over the same joint set",
        "compare agreement and engine versions",
    ),
    "log-root": (
        170,
        "the log is not the one that a root or checkpoint names",
        "compare with its maker's store",
    ),
    "rebuild-differs": (
        171,
        "the stored inputs do not lead to what is stored",
        "keep this file as evidence and work on with what rebuild --out writes",
    ),
    "proved": (172, "what a proof says follows from the bytes and keys that it shows", "nothing to do"),
    "proof-shape": (
        173,
        "the bytes are no portable proof, or not in its one encoding",
        "take the proof anew with `fieldpost export proof`",
    ),
    "proof-false": (
        174,
        "what is shown is genuine and does not prove what the proof says",
        "ask for the statements that do, or drop the claim",
    ),
}


def refuse(code: str, reason: str, *rests_on: bytes) -> Refusal:
    """Refusal with the table's remedy; `rests_on`: ids of the tokens by which it is refused."""
    return Refusal(code, reason, CODES[code][2], rests_on=rests_on)


def refuse_wire(error: WireError) -> Refusal:
    """Refusal of bytes that break the wire format, with the remedy that the specification gives."""
    remedy = MEANING[error.code][1] if error.code in MEANING else CODES[error.code][2]
    return Refusal(error.code, error.detail, remedy)
