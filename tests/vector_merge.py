"""Golden vectors of merge plans and of votes over them. SPEC 13.5, 13.6"""

import hashlib

import vector_inputs as given
from vector_inputs import bad, good

from fieldwire import cbor, cose

CASE = hashlib.sha256(b"fieldpost test case").digest()[:16]
TERMS = hashlib.sha256(b"fieldpost test agreement").digest()
EPOCH = hashlib.sha256(b"fieldpost test epoch").digest()
BOTH = [CASE, TERMS, EPOCH, "north/valley", None, []]
PREFER = [*BOTH[:4], given.MESH, [["north/valley/dam", None], ["north/valley/mill", given.FOREIGN_MESH]]]


def plan_id(plan):
    return hashlib.sha256(b"fieldpost/plan/1" + cbor.encode(plan)).digest()[:16]


def plan_rows():
    rows = [
        good("A plan may keep both.", "plan", cbor.encode(BOTH), plan_id=plan_id(BOTH)),
        good("A plan may prefer a mesh.", "plan", cbor.encode(PREFER), plan_id=plan_id(PREFER)),
    ]  # fmt: skip
    many = [[f"north/valley/n{n:02}", None] for n in range(65)]
    swapped = [PREFER[5][1], PREFER[5][0]]
    wrong = [
        ("A plan without its subjects is refused.", PREFER[:5], "refuses"),
        ("A plan whose case has another size is refused.", [CASE[:8], *PREFER[1:]], "refuses"),
        ("A plan whose epoch is a number is refused.", [CASE, TERMS, 4, *PREFER[3:]], "refuses"),
        ("A choice is no name.", [*PREFER[:4], "alpha", []], "refuses"),
        ("A scope has no wildcards.", [*PREFER[:3], "north/*", None, []], "refuses"),
        ("Subjects out of order are refused.", [*PREFER[:5], swapped], "accepts"),
        ("A subject listed twice is refused.", [*PREFER[:5], [PREFER[5][0]] * 2], "accepts"),
        ("A subject outside the scope is refused.", [*PREFER[:5], [["south", None]]], "accepts"),
        ("More subjects than 64 are refused.", [*PREFER[:5], many], "refuses"),
    ]  # fmt: skip
    return rows + [bad(name, "plan", cbor.encode(value), "plan-shape", cddl) for name, value, cddl in wrong]


def vote_rows():
    def signed(payload, typ=cose.MERGE_PLAN):
        return cose.sign(typ, cbor.encode(payload), given.BRIDGE)

    public = given.BRIDGE.public
    rows = [
        good("A voice is for a plan.", "vote", signed([True, PREFER]), public=public, favours=True),
        good("A voice is against a plan.", "vote", signed([False, BOTH]), public=public, favours=False),
    ]
    flipped = signed([True, BOTH])
    wrong = [
        ("A number is no vote.", signed([1, PREFER]), "plan-shape", "refuses"),
        ("A plan alone is no vote.", signed(PREFER), "plan-shape", "refuses"),
        ("A vote over a plan that is none is refused.", signed([True, PREFER[:5]]), "plan-shape", "refuses"),
        ("A plan signed as a report is no vote.", signed([True, PREFER], cose.REPORT), "cose-typ", "refuses"),
        ("A changed signature does not verify.", flipped[:-1] + bytes([flipped[-1] ^ 1]), "signature-bad", "accepts"),
    ]  # fmt: skip
    return rows + [bad(name, "vote", data, code, cddl, public=public) for name, data, code, cddl in wrong]


FILES = {"plan": lambda: plan_rows() + vote_rows()}
