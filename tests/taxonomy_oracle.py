"""An oracle for taxonomy searches: random worlds, and every ordering of every subset of their statements.

It states the rules a second time and shares no code with the search.
"""

from itertools import permutations

from fieldpost.taxonomy import Authority, Equivalence, Query, Revocation


def link(name, foreign, local, **more):
    """A positive statement by the local authority itself, on water, valid from 0 to 1000."""
    fields = {"issuer": local, "subjects": ("water",), "formats": (112,), "nbf": 0, "exp": 1000}
    return Equivalence(id=name, foreign=foreign, local=local, **{**fields, **more})


def random_world(seeded):
    meshes = "abcd"
    nodes = [(mesh, path) for mesh in meshes for path in ("p", "p/q", "r")]
    authorities = [
        Authority(*node, rights=frozenset({"translate"} if seeded.random() < 0.9 else set()))
        for node in nodes
        if seeded.random() < 0.9
    ]
    links = []
    for number in range(seeded.randrange(1, 9)):
        foreign, local = seeded.choice(nodes), seeded.choice(nodes)
        issuer = seeded.choice([local, local, (local[0], "p"), seeded.choice(nodes)])
        length = seeded.choice([0, 1, 2, 3])
        scope = seeded.choice([("s",), ("s/t",), None, ("*",), ()])
        links.append(
            link(
                f"e{number}", foreign, local, issuer=issuer, subjects=scope, formats=None,
                nbf=seeded.choice([0, 50]), exp=seeded.choice([60, 200]), path_length=length,
                negative=seeded.random() < 0.15,
            )
        )  # fmt: skip
    revocations = [
        Revocation(f"e{seeded.randrange(9)}", seeded.choice(nodes)) for _ in range(seeded.randrange(2))
    ]
    trusted = [mesh for mesh in meshes if seeded.random() < 0.95]
    at = seeded.choice([(10, 20), (55, 58), (100, 110), (40, 70)])
    query = Query(seeded.choice(nodes), seeded.choice(meshes), seeded.choice(["s", "s/t", "u"]), 1, at)
    return authorities, trusted, links, revocations, query


def above(upper, lower):
    return lower == upper or lower[: len(upper) + 1] == upper + "/"


def stated(one, known):
    """True for a statement that its issuer may make."""
    holder = known.get(one.issuer)
    issued = holder and "translate" in holder.rights and one.issuer[0] == one.local[0]
    plain = one.subjects is None or "*" not in one.subjects
    return issued and above(one.issuer[1], one.local[1]) and plain and one.foreign[0] != one.local[0]


def taken_back(one, known, revocations):
    return any(
        gone.id == one.id
        and gone.by in known
        and "translate" in known[gone.by].rights
        and gone.by[0] == one.issuer[0]
        and above(gone.by[1], one.issuer[1])
        for gone in revocations
    )


def denied(nodes, denials):
    for no in denials:
        for place, a in enumerate(nodes):
            for b in nodes[place + 1 :]:
                foreign = no.foreign[0] == a[0] and above(no.foreign[1], a[1])
                if foreign and no.local[0] == b[0] and above(no.local[1], b[1]):
                    return True
    return False


def brute_force(authorities, trusted, links, revocations, query):
    """All paths, by trying everything and checking each against the rules one by one."""
    known = {(one.mesh, one.path): one for one in authorities}
    low, high = query.at

    def alive(one):
        scope = one.subjects is None or any(above(subject, query.subject) for subject in one.subjects)
        sound = stated(one, known) and one.issuer[0] in trusted
        return scope and sound and not taken_back(one, known, revocations)

    positives = [x for x in links if not x.negative and alive(x) and x.nbf <= low and high < x.exp]
    denials = [x for x in links if x.negative and alive(x) and low < x.exp and high >= x.nbf]
    if query.origin not in known or not {query.origin[0], query.to} <= set(trusted):
        return []
    if query.origin[0] == query.to:
        return [()]
    found = []
    for size in range(1, 4):
        for path in permutations(positives, size):
            nodes = [query.origin, *(one.local for one in path)]
            meshes = [mesh for mesh, _ in nodes]
            linked = all(one.foreign == node and node in known for one, node in zip(path, nodes))
            lengths = all(place <= one.path_length for place, one in enumerate(path))
            once = len(set(meshes)) == len(meshes)
            if linked and lengths and once and meshes[-1] == query.to and not denied(nodes, denials):
                found.append(tuple(one.id for one in path))
    return sorted(found, key=lambda ids: (len(ids), ids))
