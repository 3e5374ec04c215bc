"""The story of one observation, whole; and the short one of what did not get in.

Decides the order of telling, and what counts as the answer: the last step that says something final.
"""

from typing import Any

from fieldpost.codes import CODES
from fieldpost.explain.decided import (
    decision_steps,
    diverge_step,
    fork_steps,
    import_step,
    one_sided_steps,
    picture_steps,
    record_step,
)
from fieldpost.explain.gone import gone, gone_steps
from fieldpost.explain.held import Held, Shelf, Step, short, step
from fieldpost.explain.judged import admit_steps, lineage_steps, place_step
from fieldpost.explain.said import said_steps
from fieldpost.log_check import Leaves
from fieldpost.reading import Rows
from fieldpost.timeline.words import ENDS

KEPT_OUT = ("refused", "held", "superseded", "alternative", "not-shown", "waiting", "replayed", "not-held")


def explain(store: Rows, identity: bytes, ends: int | None = ENDS) -> dict[str, Any] | None:
    """Every step that led to where an observation stands; None where the store does not hold it.

    `ends`: steps told at either end of what bounds it in time; None: all.
    """
    shelf = Shelf.of(store)
    held = shelf.held(identity)
    if held is None:
        return None
    leaves = Leaves.of(store.events())
    steps = [
        *said_steps(shelf, held),
        place_step(shelf, held, ends),
        *admit_steps(shelf, held),
        *lineage_steps(shelf, held),
    ]
    steps += [import_step(held, leaves), *fork_steps(shelf, held), diverge_step(shelf, held)]
    steps += [*one_sided_steps(shelf, held.id), *decision_steps(shelf, held)]
    steps += [*picture_steps(shelf, held), record_step(shelf, held, leaves)]
    return _document(identity, steps, _answer(steps))


def _answer(steps: list[Step]) -> Step:
    """The verdict where it kept the observation out, else its standing in the picture, else the verdict."""
    [verdict] = [one for one in steps if one["stage"] == "admit"]
    standing = [one for one in steps if one["stage"] == "picture"]
    if verdict["outcome"] == "admitted" and verdict["code"] != "evidence" and standing:
        return next((one for one in standing if one["outcome"] == "stands"), standing[0])
    return verdict


def _document(identity: bytes, steps: list[Step], answer: Step) -> dict[str, Any]:
    told = {name: answer[name] for name in ("stage", "outcome", "code", "reason", "remedy")}
    return {"observation": identity.hex(), "id": identity.hex(), **told, "steps": steps}


def why_not(store: Rows, identity: bytes, ends: int | None = ENDS) -> dict[str, Any] | None:
    """What keeps an observation, an envelope or a token out; None where the store has never met it.

    The answer's `outcome` is among KEPT_OUT unless nothing keeps it out. `ends`: as in `explain`.
    """
    shelf = Shelf.of(store)
    held = shelf.held(identity)
    if held is not None:
        return _kept_out(shelf, held, ends)
    told = one_sided_steps(shelf, identity)
    steps = [*_refusals(shelf, identity, Leaves.of(store.events())), *told]
    if told:
        kept_back = max(told, key=lambda one: one["code"] != "not-held")  # whose word says more than that
        return _document(identity, steps, {**kept_back, "outcome": "not-held"})
    steps += gone_steps(shelf, identity)
    return _document(identity, steps, steps[-1]) if steps else None


def _kept_out(shelf: Shelf, held: Held, ends: int | None) -> dict[str, Any]:
    said = said_steps(shelf, held)
    steps = [said[0], place_step(shelf, held, ends), *admit_steps(shelf, held), *fork_steps(shelf, held)]
    missing = [one for one in lineage_steps(shelf, held) if one["outcome"] != "admitted"]
    waiting = [one for one in [diverge_step(shelf, held)] if one["outcome"] == "merged"]
    steps += [
        *missing,
        *waiting,
        *one_sided_steps(shelf, held.id),
        *decision_steps(shelf, held),
        *picture_steps(shelf, held),
    ]
    lost = [one for one in steps if one["stage"] == "arbitrate" and one["outcome"] == "superseded"]
    answer = _answer(steps)
    if answer["stage"] == "picture" and answer["outcome"] != "stands" and lost:
        answer = lost[0]
    elif answer["stage"] == "picture" and answer["outcome"] != "stands" and waiting:
        [merged] = waiting
        answer = {**merged, "outcome": answer["outcome"], "reason": f"{answer['reason']}; {merged['reason']}"}
    return _document(held.id, steps, answer)


def kept_out(store: Rows) -> list[dict[str, Any]]:
    """Everything that was refused, is held back or was dropped, each with its code, in the order of ids."""
    rows = store.query(
        "SELECT id, state, code, reason, remedy FROM verdict WHERE state <> 'admitted'"
        " UNION SELECT what, 'refused', code, reason, remedy FROM refusal"
        " WHERE what NOT IN (SELECT hash FROM envelope) AND what NOT IN (SELECT id FROM token) ORDER BY 1"
    )
    told = [
        step("admit", [], state, reason, identity, code, remedy)
        for identity, state, code, reason, remedy in rows
    ]
    return sorted(told + [one.step() for one in gone(store)], key=lambda one: one["id"])


def _refusals(shelf: Shelf, identity: bytes, leaves: Leaves) -> list[Step]:
    """What the log says of bytes that are no held observation, in the order it happened."""
    return [_event_step(shelf, identity, index, event) for index, event in leaves.naming(identity)]


def _event_step(shelf: Shelf, identity: bytes, index: int, event: dict[str, Any]) -> Step:
    detail, kind, outcome = event["detail"], event["kind"], event["outcome"]
    if kind == "import" and outcome in ("new", "known"):
        inside = shelf.store.query(
            "SELECT id FROM observation WHERE envelope = ? ORDER BY leaf_index", identity
        )
        told = ", ".join(short(one) for (one,) in inside)
        reason = f"event {index}: it is held, with {told or 'nothing that was not known before'}"
        return step(kind, [one for (one,) in inside], outcome, reason, identity)
    code = (
        "token-issuer-unknown"
        if (kind, outcome) == ("token", "waiting")
        else str(detail.get("code", outcome))
    )
    meaning = CODES[code][1] if code in CODES else f"{kind}: {outcome}"
    final = "refused" if kind == "refused" else outcome
    remedy = str(detail["remedy"]) if "remedy" in detail else None
    return step(
        kind, [identity], final, f"event {index}: {detail.get('reason', meaning)}", identity, code, remedy
    )
