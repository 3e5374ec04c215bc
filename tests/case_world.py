"""Worlds with an open case: a scope that the gate stopped on both sides, and desks that vote over a plan."""

from world import meet, whole

from fieldpost.agreement import Gate, Merge
from fieldpost.plan import Plan, vote
from fieldwire import cose

STOP = {"water": Gate({"conflict_ratio": 100})}


def stopped(folder, **more):
    """A whole world after the meeting that stopped `water`; `merge` is the agreement's."""
    world = whole(folder, gate=STOP, **more)
    meet(world)
    return world


def merge_of(quorum=2, authorities=()):
    return Merge(quorum, authorities)


def case_of(side):
    """The first case of a side."""
    return next(iter(side.desk.state.cases.values()))


def plan_of(world, choice=None, subjects=(), **changed):
    """A plan over the first case of alpha; `changed` replaces what it names."""
    case = case_of(world.alpha)
    named = {
        "case": case.id, "agreement": case.agreement_digest, "epoch": case.epoch, "scope": case.scope,
        "choice": choice, "subjects": tuple(subjects), **changed,
    }  # fmt: skip
    return Plan(**named)


def signed(side, plan, favours=True, authority=None):
    """A vote by a mesh's root, or by its authority."""
    signer = side.mesh.authority(authority) if authority else side.mesh.root()
    return cose.sign(cose.MERGE_PLAN, vote(plan, favours), signer)


def cast(at, side, plan, favours=True, authority=None):
    """The vote of `side`'s root (or authority), brought to the bridge `at`."""
    return at.desk.submit("vote", signed(side, plan, favours, authority))


def told(side):
    """Outcomes of the events over cases, in order."""
    return [one[4] for one in side.events("case")]


def refused(side):
    """Codes of what a side refused, in order."""
    return [one[4] for one in side.events("refused")]
