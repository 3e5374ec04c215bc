"""What the two sides decided about it: divergence, rivals, the rule, its place in the picture, the log.

Decides nothing: epochs, decisions and events are retold as they stand in the store. SPEC 13, 14, 15
"""

from fieldpost.agreement import Agreement
from fieldpost.agreement_cbor import from_cbor
from fieldpost.arbitration import PLAN_RULE
from fieldpost.case_rows import case_rows
from fieldpost.codes import CODES
from fieldpost.explain.held import Held, Shelf, Step, short, step
from fieldpost.log_check import Leaves
from fieldpost.reading import stored
from fieldwire import cbor, merkle
from fieldwire import observation as obs

MEET = "let the two bridges meet"
MENTIONS_MAX = 64  # events shown for one observation

RIVALS_TOLD = 16  # in words; a document lists all of them
DIGITS_MAX = 8  # of a key shown; the store has it whole


def import_step(held: Held, leaves: Leaves) -> Step:
    """When its envelope came and what was new in it."""
    for index, event in leaves.naming(held.id):
        if event["kind"] == "import":
            boot, ms = event["at"]
            reason = (
                f"event {index}: its envelope {short(held.envelope)} came at boot {boot}, {ms} ms of the bridge's"
                f" clock, and is kept with its bytes as received"
            )
            return step("import", [held.envelope], event["outcome"], reason, held.id)
    return step(
        "import", [held.envelope], "known", "its envelope is kept with its bytes as received", held.id
    )


def fork_steps(shelf: Shelf, held: Held) -> list[Step]:
    """Two histories of its device, if it has two."""
    return [
        step(
            "fork", [device, one, other], "forked",
            f"device {short(device)} signed both {short(one)} and {short(other)} for one place in its log;"
            f" what it says from boot {boot}, {ms} ms on is quarantined", device, "forked",
        )
        for device, one, other, boot, ms in shelf.store.query(
            "SELECT device, one, other, boot, ms FROM fork WHERE device = ?", held.device
        )
    ]  # fmt: skip


def agreement_of(shelf: Shelf) -> Agreement | None:
    """The agreement in force."""
    rows = shelf.store.query("SELECT proof FROM agreement ORDER BY version DESC LIMIT 1")
    return from_cbor(cbor.decode(rows[0][0])[0]) if rows else None


def diverge_step(shelf: Shelf, held: Held) -> Step:
    """Whether the gate let its scope through, and by which epoch."""
    agreement = agreement_of(shelf)
    scope = None if agreement is None else agreement.scope_of(held.observation[obs.SUBJECT])
    if scope is None:
        reason = f"no agreement in force has a scope for {held.observation[obs.SUBJECT]}: it is this mesh's own affair"
        return step("diverge", [], "local", reason, held.id)
    for case in case_rows(shelf.store):
        if case["scope"] == scope.subject and case["outcome"] == "stop":
            named = bytes.fromhex(case["id"])
            told = f"scope {scope.subject} is stopped: {case['reason']}"
            return step("diverge", [named], "stop", told, named, case["code"], case["remedy"])
    epochs = shelf.store.query("SELECT number, body, agreed FROM epoch ORDER BY number DESC")
    for number, body, agreed in epochs:
        verdicts = dict(cbor.decode(body)[5])
        if agreed and scope.subject in verdicts:
            reason = (
                f"epoch {number}, signed by both sides, measured scope {scope.subject} within its thresholds"
            )
            if verdicts[scope.subject] == "stop":
                return _merged_step(shelf, held, scope.subject)
            return step("diverge", [cbor.decode(body)[2]], verdicts[scope.subject], reason, held.id)
    return step("diverge", [], "unmeasured", f"no epoch has covered scope {scope.subject} yet", held.id)


def _merged_step(shelf: Shelf, held: Held, scope: str) -> Step:
    """The scope was stopped by the last epoch that measured it, and goes on by a plan."""
    rows = [one for one in case_rows(shelf.store) if one["scope"] == scope and one["plan"] is not None]
    case = max(rows, key=lambda one: one["epoch"])
    named = [bytes.fromhex(case["id"]), bytes.fromhex(case["plan"]["id"])]
    reason = (
        f"scope {scope} was stopped by epoch {case['epoch']}; plan {case['plan']['id'][:12]} closed the case,"
        f" and the scope restarts from that epoch at the next meeting"
    )
    return step("diverge", named, "merged", reason, held.id, "merged", MEET)


def decision_steps(shelf: Shelf, held: Held) -> list[Step]:
    """resolve and arbitrate: its rivals, and the rule that decided, for each property."""
    found: list[Step] = []
    for prop, prevailing, rivals, rule, function, keys, number in shelf.store.query(
        "SELECT property, prevailing, rivals, rule, function, keys, number FROM decision"
        " WHERE claim = ? ORDER BY property",
        held.id,
    ):
        others = stored(rivals)
        if not others:
            reason = f"{prop}: no claim of another device contradicts it in time and value; it stands (epoch {number})"
            found.append(step("resolve", [held.id], "unopposed", reason, held.id))
            continue
        told = _first_of([_rival_words(shelf, one) for one in others[:RIVALS_TOLD]], len(others))
        reason = f"{prop}: {len(others)} rival{'s' * (len(others) > 1)}, neither before nor after it: {told}"
        found.append(step("resolve", [held.id, *others], "rivals", reason, held.id))
        won = prevailing == held.id
        outcome = "prevails" if won else "superseded"
        words = "it prevails over all of them" if won else f"{short(prevailing or b'')} prevails over it"
        if rule == PLAN_RULE:
            words = "it stands beside them" if won else words
            reason = f"{prop}: {words} by the merge plan that closed a case of its scope, in epoch {number}"
        else:
            reason = f"{prop}: {words} by rule {rule} ({function}) of the agreement, in epoch {number}"
            reason += _compared(stored(keys), held.id, others, rule)
        remedy = (
            "nothing to do"
            if won
            else "nothing to do: it stays in the record; another agreement may weigh it otherwise"
        )
        found.append(
            step("arbitrate", [prevailing or held.id, *others], outcome, reason, held.id, outcome, remedy)
        )
    return found


def _compared(keys: dict[bytes, list[str]], own: bytes, others: list[bytes], rule: int) -> str:
    """What the functions up to the deciding one gave it, and its rivals; the tie-break's digest is cut."""

    def words(identity: bytes) -> str:
        return " ".join(
            part if len(part) < DIGITS_MAX else f"{part[:DIGITS_MAX]}…" for part in keys[identity][: rule + 1]
        )

    if own not in keys:
        return ""
    known = [one for one in others if one in keys]
    told = _first_of([f"{short(one)} {words(one)}" for one in known[:RIVALS_TOLD]], len(known))
    return f"; its keys are {words(own)}, against {told}"


def _first_of(told: list[str], count: int) -> str:
    """A list in words, of which the first few are told."""
    more = f" and {count - len(told)} more" if count > len(told) else ""
    return ", ".join(told) + more


def _rival_words(shelf: Shelf, identity: bytes) -> str:
    rival = shelf.held(identity)
    if rival is None:
        return short(identity)
    return f"{short(identity)} ({shelf.said_words(rival)}, by {rival.authority} of {shelf.mesh_words(rival.mesh)})"


def one_sided_steps(shelf: Shelf, identity: bytes) -> list[Step]:
    """Where one side alone admits or releases it; it need not be held here."""
    ours = {shelf.mesh: "this mesh does not let it cross", shelf.thumbprint: "this bridge does not admit it"}
    found = []
    for side, code in shelf.store.query(
        "SELECT side, code FROM one_sided WHERE id = ? ORDER BY side", identity
    ):
        who = ours.get(side, f"peer {short(side)} has not released or not admitted it")
        meaning = CODES[code][1] if code in CODES else code
        remedy = None
        if code == "scope-stopped" and _is_merged(shelf, identity):
            meaning, remedy = "its scope was stopped; the case is merged, and the next meeting goes on", MEET
        found.append(step("joint", [side], "one-sided", f"{who}: {meaning}", identity, code, remedy))
    return found


def _is_merged(shelf: Shelf, identity: bytes) -> bool:
    """True when its scope waits for the next meeting alone; of what is not held here no scope is known."""
    held = shelf.held(identity)
    return held is not None and diverge_step(shelf, held)["outcome"] == "merged"


def picture_steps(shelf: Shelf, held: Held) -> list[Step]:
    """For each property that it claims: does it stand in the picture, or what does?"""
    found = []
    subject = held.observation[obs.SUBJECT]
    for prop, identity, alternatives, decided in shelf.store.query(
        "SELECT property, id, alternatives, decided FROM picture WHERE subject = ? ORDER BY property", subject
    ):
        others = stored(alternatives)
        by = "by this mesh alone" if decided == "local" else f"by {decided}"
        if identity == held.id:
            reason = f"it is what {subject} {prop} is now, decided {by},"
            reason += f" with {len(others)} alternative{'' if len(others) == 1 else 's'}"
            found.append(step("picture", [identity, *others], "stands", reason, held.id))
        elif held.id in others:
            reason = (
                f"an alternative to {short(identity)}, which is what {subject} {prop} is now, decided {by}"
            )
            found.append(step("picture", [identity, *others], "alternative", reason, held.id))
        else:
            reason = f"{short(identity)} is what {subject} {prop} is now, decided {by}"
            found.append(step("picture", [identity], "not-shown", reason, held.id))
    return found


def record_step(shelf: Shelf, held: Held, leaves: Leaves) -> Step:
    """Its events, each with the path that proves it inside the log."""
    named = [held.id, held.envelope, *(digest for (digest,) in shelf.store.query(
        "SELECT e.decision_digest FROM epoch e JOIN decision d ON d.number = e.number AND d.peer = e.peer"
        " WHERE d.claim = ?", held.id))]  # fmt: skip
    mentions = sorted({index: event for one in named for index, event in leaves.naming(one)}.items())
    root = leaves.root()
    log = []
    for index, event in mentions[:MENTIONS_MAX]:
        path = merkle.inclusion_path(leaves.hashes, index)
        log.append(
            {
                "event": index,
                "kind": event["kind"],
                "leaf": leaves.hashes[index].hex(),
                "path": [one.hex() for one in path],
                "included": merkle.verify_inclusion(leaves.hashes[index], index, leaves.size, path, root),
            }
        )
    told = ", ".join(f"{one['event']} ({one['kind']})" for one in log)
    reason = f"events {told or 'none'} of {leaves.size}, each proved under the log's root {short(root)}"
    made = step("record", [root], "recorded" if log else "not-recorded", reason, held.id)
    return {**made, "log": log}
