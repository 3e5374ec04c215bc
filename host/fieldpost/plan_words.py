"""A merge plan in sentences, for who is to sign it; and the mesh that a word on the command line means.

Decides how a plan is said, and leaves nothing out that its bytes say. SPEC 13.5
"""

from collections.abc import Mapping, Sequence

from fieldpost.plan import Choice, Plan

PREFIX_MIN = 4


def mesh_words(mesh: bytes, names: Mapping[bytes, str]) -> str:
    """A mesh by the reader's own name for it, and the first digits of its id."""
    short = mesh.hex()[:16]
    return f"{names[mesh]} ({short})" if mesh in names else f"mesh {short}"


def choice_words(choice: Choice, names: Mapping[bytes, str]) -> str:
    return (
        "both sides' claims are kept"
        if choice is None
        else f"claims of {mesh_words(choice, names)} are preferred"
    )


def sentences(plan: Plan, names: Mapping[bytes, str]) -> list[str]:
    """Lines of text; `names`: mesh id -> petname, as far as the reader has them."""
    lines = [
        f"Plan {plan.id.hex()} for case {plan.case.hex()}:",
        f"  in scope {plan.scope}, where claims disputed one another, {choice_words(plan.choice, names)}",
    ]
    lines += [f"  but under {subject} {choice_words(choice, names)}" for subject, choice in plan.subjects]
    lines.append(f"  the scope restarts from the epoch {plan.epoch.hex()[:16]}")
    return [*lines, f"  under the agreement {plan.agreement.hex()}"]


def mesh_named(word: str, parties: Sequence[bytes], names: Mapping[bytes, str]) -> bytes:
    """The party that a petname, or the beginning of an id, means. ValueError where it means none or several."""
    found = [one for one in parties if names.get(one) == word]
    if not found and len(word) >= PREFIX_MIN:
        found = [one for one in parties if one.hex().startswith(word.lower())]
    if len(found) != 1:
        known = ", ".join(mesh_words(one, names) for one in parties)
        raise ValueError(f"{word!r} is {'several' if found else 'none'} of the parties: {known}")
    return found[0]
