"""An agreement in sentences, to be read aloud to the other side before anybody signs.

Decides how terms are said, and leaves none out: what is not said here is not in the bytes either. SPEC 11
"""

from collections.abc import Mapping

from fieldpost.agreement import Agreement, Authority, Function, Scope


def sentences(agreement: Agreement, names: Mapping[str, bytes], digest: bytes) -> list[str]:
    """Lines of text. `names`: petname -> mesh id, where the reader has petnames."""
    words = _Words({mesh: name for name, mesh in names.items()})
    parties = agreement.parties
    lines = [
        f"Version {agreement.version} of an agreement between {len(parties)} meshes, for {agreement.engine}:"
    ]
    lines += [f"  {line}" for line in _parties(agreement, words)]
    lines += ["", *_time(agreement)]
    for number, scope in enumerate(agreement.scopes, 1):
        first, *rest = _scope(scope, words)
        lines += ["", f"Scope {number}: {first}", *rest]
    lines += ["", *_chain(agreement, words), "", *_weights(agreement, words), "", _merge(agreement, words)]
    return [*lines, "", f"Its digest is {digest.hex()}"]


def sections(agreement: Agreement, names: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The same sentences by what they are about, without numbers that shift: what `difference` compares."""
    words = _Words({mesh: name for name, mesh in names.items()})
    found = {
        "version": [f"This is version {agreement.version}, for {agreement.engine}."],
        "parties": _parties(agreement, words),
        "time": _time(agreement),
    }
    found |= {f"scope {scope.subject}": _scope(scope, words) for scope in agreement.scopes}
    found["chain"] = _chain(agreement, words)
    found["weights"] = _weights(agreement, words)
    found["merge"] = [_merge(agreement, words)]
    return {name: [line.strip() for line in lines] for name, lines in found.items()}


def difference(old: Agreement, new: Agreement, names: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """(section, "was" or "is", sentence) of each that one of the two says alone; empty for equal terms."""
    before, after = sections(old, names), sections(new, names)
    found = []
    for section in dict.fromkeys([*before, *after]):
        was, now = before.get(section, []), after.get(section, [])
        found += [(section, "was", line) for line in was if line not in now]
        found += [(section, "is", line) for line in now if line not in was]
        shared = [line for line in was if line in now]
        if shared != [line for line in now if line in was]:
            found.append((section, "is", "in another order than before"))
    return found


class _Words:
    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = names

    def mesh(self, mesh: bytes) -> str:
        return self._names.get(mesh, mesh.hex()[:16])

    def authority(self, authority: Authority) -> str:
        mesh, path = authority
        return f"{path} of {self.mesh(mesh)}" if path else f"all of {self.mesh(mesh)}"

    def authorities(self, listed: tuple[Authority, ...]) -> str:
        return ", ".join(map(self.authority, listed))


def _parties(agreement: Agreement, words: _Words) -> list[str]:
    return [f"{words.mesh(mesh)} is {mesh.hex()}" for mesh in agreement.parties]


def _time(agreement: Agreement) -> list[str]:
    time = agreement.time
    unproven = "is held back" if time.unproven == "hold" else "enters at a lower grade"
    lines = [
        f"Time: the {time.interval} interval of {time.engine} decides; {time.k} sources of UTC must agree;"
        f" what has no proven time {unproven}."
    ]
    if time.rate_floor_ppb:
        lines.append(f"  No clock is assumed better than {time.rate_floor_ppb} parts per billion.")
    lines += [f"  Devices {a.hex()} and {b.hex()} may join the two timelines." for a, b in time.anchors]
    return lines


def _scope(scope: Scope, words: _Words) -> list[str]:
    ways = ", ".join(f"from {words.mesh(a)} to {words.mesh(b)}" for a, b in scope.directions)
    by = f" by the channel {scope.channel}" if scope.channel is not None else ""
    lines = [f"{scope.subject} and all below it crosses {ways}{by}."]
    for name, tolerance in sorted(scope.tolerances.items()):
        bound = (
            f"{tolerance[0]} by {tolerance[1]} in 1e-7 degrees"
            if isinstance(tolerance, tuple)
            else str(tolerance)
        )
        lines.append(f"  Values of {name} that differ by up to {bound} agree.")
    gate = scope.gate
    for term, most in sorted(gate.thresholds.items()):
        lines.append(f"  It stops when {term} is above {most}.")
    if gate.total is not None:
        terms = " + ".join(f"{weight} x {term}" for term, weight in sorted(gate.weights.items()))
        lines.append(f"  It stops when {terms} is above {gate.total}.")
    if not gate.thresholds and gate.total is None:
        lines.append("  Nothing stops it.")
    return lines


def _chain(agreement: Agreement, words: _Words) -> list[str]:
    lines = ["Between rival claims decide, in this order:"]
    lines += [f"  {number}. {_function(link, words)}" for number, link in enumerate(agreement.chain, 1)]
    return [*lines, f"  {len(agreement.chain) + 1}. a digest that nobody can choose, the smallest first."]


def _function(link: Function, words: _Words) -> str:
    if link.name == "priority":
        return f"priority: {words.authorities(link.order)}, the first before all others."
    if link.name == "authority-weight":
        return "authority-weight: the greater weight."
    if link.name == "composite":
        terms = " + ".join(f"{weight} x {term}" for term, weight in sorted(link.terms.items()))
        said = f"composite: the greater of {terms}"
    else:
        said = f"expression: the greater of {link.expression}"
    if link.corroborators:
        said += f"; {words.authorities(link.corroborators)} corroborate"
    return f"{said}; a credential is fresh for {link.freshness_s} s."


def _weights(agreement: Agreement, words: _Words) -> list[str]:
    lines = [
        f"Weight of {words.authority(authority)}, and of those below it: {weight}."
        for authority, weight in sorted(agreement.weights.items())
    ]
    return [*lines, f"Weight of any other authority: {agreement.unlisted}."]


def _merge(agreement: Agreement, words: _Words) -> str:
    merge = agreement.merge
    named = [f"{path or 'the root'} of {words.mesh(mesh)}" for mesh, path in merge.authorities]
    who = ", ".join(named) or "the meshes' roots"
    return f"A stopped scope goes on when {merge.quorum} of these sign a merge plan: {who}."
