"""The first text of an agreement, for people to go on from.

Decides cautious defaults: every authority weighs alike, a scope stops at the first sign of a fork, and a case
takes all roots to close. It refuses to decide what crosses: the scopes are named by whoever asks. SPEC 11.2
"""

from collections.abc import Sequence

from fieldpost.passport import Passport

HEAD = """# An agreement between {names}. Check it with `fieldpost agreement check`, read it aloud to the
# other side with `fieldpost agreement show`, and have each mesh's root sign it with `fieldpost agreement sign`.
version = {version}

[parties]
{parties}

[time]
interval = "resilient"   # or "strict": no clock and no device is taken at its word
k = 2                    # how many sources of UTC must agree
anchors = []             # pairs of devices, one of each mesh, that join the two timelines: [["ID", "ID"]]
unproven = "hold"        # or "admit": what becomes of an observation without proven time
"""
SCOPE = """
[[scope]]
subject = "{subject}"
direction = "both"       # or "{first} -> {second}"
tolerances = {{}}          # property = how far two values may differ and still agree
gate = {{ conflict_ratio = 500, forks = 0 }}   # above a threshold the scope stops and a case opens
"""
TAIL = """
# Between rival claims these decide, in this order; then a digest that nobody can choose.
[[chain]]
function = "authority-weight"

[[chain]]
function = "composite"
terms = {{ attestation_grade = 10, lineage_completeness = 1 }}

[weights]                # the longest listed prefix of an authority counts
{weights}
unlisted = 0

[merge]
quorum = {quorum}               # how many of these close a case
authorities = []         # none named: the meshes' roots
"""


def draft(passports: Sequence[Passport], subjects: Sequence[str], version: int) -> str:
    """TOML text between the meshes of these passports. Two of one name are told apart by a number."""
    names = _names([one.name for one in passports])
    width = max(map(len, names))
    parties = "\n".join(
        f'{name:{width}} = "{one.mesh.hex()}"' for name, one in zip(names, passports, strict=True)
    )
    authorities = [
        f'"{name}:{path}" = 1'
        for name, one in zip(names, passports, strict=True)
        for path in sorted(one.authorities)
    ]
    scopes = "".join(SCOPE.format(subject=one, first=names[0], second=names[1]) for one in subjects)
    head = HEAD.format(names=" and ".join(names), version=version, parties=parties)
    return head + scopes + TAIL.format(weights="\n".join(authorities), quorum=len(names))


def _names(given: Sequence[str]) -> list[str]:
    """Bare keys of TOML that differ from one another."""
    found: list[str] = []
    for name in given:
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name) or "mesh"
        plain = f"{plain}-mesh" if plain == "both" else plain
        same = [one for one in found if one == plain or one.rpartition("-")[0] == plain]
        found.append(f"{plain}-{len(same) + 1}" if same else plain)
    return found
