"""The merge plan: what becomes of the disputes of a stopped scope, as bytes.

Decides which bytes are a plan or a vote over one, and what a plan says of a subject. It refuses to decide who
may vote and whether the plan closes its case: that is the tally's. SPEC 13.5
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from fieldwire import cbor
from fieldwire.errors import WireError
from fieldwire.observation import covers, is_path

LABEL = b"fieldpost/plan/1"
SUBJECTS_MAX = 64
CASE_SIZE, DIGEST_SIZE = 16, 32

Choice = bytes | None  # the id of the mesh preferred; None keeps both


@dataclass(frozen=True, slots=True)
class Plan:
    """`choice` for the whole scope, `subjects` (subject, choice) where a tree below it is settled otherwise.

    `epoch`: the digest of the epoch's body that stopped the scope, from which it restarts.
    """

    case: bytes
    agreement: bytes
    epoch: bytes
    scope: str
    choice: Choice = None
    subjects: tuple[tuple[str, Choice], ...] = ()

    def choice_of(self, subject: str) -> Choice:
        """The choice of the longest subject listed that covers this one."""
        listed = [one for one in self.subjects if covers(one[0], subject)]
        return max(listed, key=lambda one: len(one[0]))[1] if listed else self.choice

    def as_list(self) -> list[Any]:
        named = [list(one) for one in sorted(self.subjects, key=lambda one: one[0])]
        return [self.case, self.agreement, self.epoch, self.scope, self.choice, named]

    def to_cbor(self) -> bytes:
        return cbor.encode(self.as_list())

    @property
    def id(self) -> bytes:
        return hashlib.sha256(LABEL + self.to_cbor()).digest()[:16]


def read_plan(data: bytes) -> Plan:
    """The plan in bytes; WireError("plan-shape") for anything else."""
    return _plan(cbor.decode(data))


def vote(plan: Plan, favours: bool) -> bytes:
    """The payload that a voice signs (typ 65015): for the plan, or against it."""
    return cbor.encode([favours, plan.as_list()])


def read_vote(payload: bytes) -> tuple[bool, Plan]:
    """(for it, plan); WireError("plan-shape") for anything else."""
    value = cbor.decode(payload)
    _need(isinstance(value, list) and len(value) == 2, "a vote is [for, plan]")
    _need(value[0] is True or value[0] is False, "a vote is true, for the plan, or false, against it")
    return value[0], _plan(value[1])


def _plan(value: Any) -> Plan:
    _need(isinstance(value, list) and len(value) == 6, "a plan is an array of 6")
    case, agreement, epoch, scope, choice, subjects = value
    _need(_is_bytes(case, CASE_SIZE), "a case's id is 16 bytes")
    _need(_is_bytes(agreement, DIGEST_SIZE) and _is_bytes(epoch, DIGEST_SIZE), "a digest is 32 bytes")
    _need(isinstance(scope, str) and is_path(scope), "a scope is a subject")
    _need(_is_choice(choice), "a choice is a mesh id, or nil for both")
    _need(
        isinstance(subjects, list) and len(subjects) <= SUBJECTS_MAX,
        f"at most {SUBJECTS_MAX} subjects are listed",
    )
    for one in subjects:
        _need(isinstance(one, list) and len(one) == 2, "a subject is listed with its choice")
        inside = isinstance(one[0], str) and is_path(one[0]) and covers(scope, one[0])
        _need(inside and _is_choice(one[1]), "a subject lies in the plan's scope and has a choice")
    named = [one[0] for one in subjects]
    _need(named == sorted(set(named)), "subjects are sorted, each once")
    return Plan(case, agreement, epoch, scope, choice, tuple((one[0], one[1]) for one in subjects))


def _is_bytes(value: Any, size: int) -> bool:
    return isinstance(value, bytes) and len(value) == size


def _is_choice(value: Any) -> bool:
    return value is None or _is_bytes(value, DIGEST_SIZE)


def _need(condition: bool, detail: str) -> None:
    if not condition:
        raise WireError("plan-shape", detail)
