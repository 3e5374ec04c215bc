"""What a person, or a program, sees of the demo: read from the two stores and the boards' own words.

Decides only how it is shown. Every figure is counted in a store or said by a board.
"""

import textwrap
from pathlib import Path
from typing import Any

from fieldpost.case_rows import case_rows, reason
from fieldpost.demo.cast import channel
from fieldpost.demo.play import Play
from fieldpost.explain import explain
from fieldpost.picture_rows import interval_words, picture_rows, value_words
from fieldpost.recorder import Log
from fieldpost.store import Store
from fieldwire import cbor

WIDTH = 118  # of a line that a person reads


def document(play: Play, setup_s: float, elapsed_s: float) -> dict[str, Any]:
    """The one JSON document of `fieldpost demo --json`."""
    stores = {name: Store.read_only(play.folder / name / "store.db") for name in sorted(play.bridges)}
    try:
        number = _common_epoch(stores)
        pictures = {name: picture_rows(store) for name, store in stores.items()}
        relay = _contested(stores["alpha"], play.relays("alpha"))
        story = explain(stores["alpha"], relay)
        return {
            "version": 1,
            "meshes": [
                {
                    "name": name,
                    "id": mesh.id.hex(),
                    "authorities": sorted(mesh.authorities),
                    "store": str(play.folder / name / "store.db"),
                }
                for name, mesh in sorted(play.meshes.items())
            ],
            "boards": [_board(play, name, stores) for name in sorted(play.parts)],
            "picture": [row for rows in pictures.values() for row in rows],
            "cases": case_rows(stores["alpha"]),
            "why": {"observation": relay.hex(), "steps": (story or {})["steps"]},
            "joint": _joint(stores["alpha"], number),
            "one_sided": {name: _one_sided(store, play.meshes[name].id) for name, store in stores.items()},
            "channels": [
                row for name, store in stores.items() for row in _channels(name, store, play.meshes[name].id)
            ],
            "decision_digests": {name: _digest(store, number) for name, store in stores.items()},
            "log": {name: _log(store) for name, store in stores.items()},
            "epoch": number,
            "setup_s": round(setup_s, 3),
            "elapsed_s": round(elapsed_s, 3),
        }
    finally:
        for store in stores.values():
            store.close()


def _common_epoch(stores: dict[str, Store]) -> int:
    sql = "SELECT number FROM epoch WHERE agreed = 1"
    return max(set.intersection(*({row[0] for row in store.query(sql)} for store in stores.values())))


def _contested(store: Store, relays: list[bytes]) -> bytes:
    """Of the observations that derive across the meshes, one that prevailed; the first where none did."""
    for identity in sorted(relays):
        if store.query("SELECT 1 FROM decision WHERE claim = ? AND prevailing = ?", identity, identity):
            return identity
    return min(relays)


def _board(play: Play, name: str, stores: dict[str, Store]) -> dict[str, Any]:
    part, said = play.parts[name], play.consoles[name]
    radio = channel(part)
    device = bytes.fromhex(play.devices[name])
    drained = stores[part.mesh].query(
        "SELECT count(*) FROM observation WHERE device = ? AND sealed = 1", device
    )[0][0]
    return {
        "name": name,
        "mesh": part.mesh,
        "link": "cable" if radio is None else "SF{1}/{2}".format(*radio),
        "device": said["device"],
        "runtime": said["runtime"],
        "signed": said["signed"],
        "journalled": said["journalled"],
        "drained": drained,
        "reboots": said["boot"] - 1,
        "derived": said["derived"],
        "clock_ppm": part.drift_ppm,
        "heap_bytes": part.heap_bytes or play.fleet.profile.heap_bytes,
    }


def _joint(store: Store, number: int) -> dict[str, int]:
    return dict(store.query("SELECT scope, ids FROM joint WHERE number = ? ORDER BY scope", number))


def _one_sided(store: Store, own: bytes) -> list[dict[str, str]]:
    """What this side admits and the other does not, with the other's code."""
    rows = store.query(
        "SELECT one_sided.id, one_sided.code FROM one_sided JOIN verdict ON verdict.id = one_sided.id"
        " WHERE verdict.state = 'admitted' ORDER BY one_sided.id, one_sided.side != ?",
        own,
    )
    codes: dict[bytes, str] = {}  # what we withheld ourselves says more than that the other side lacks it
    for identity, code in rows:
        codes.setdefault(identity, code)
    return [{"observation": identity.hex(), "code": code} for identity, code in codes.items()]


def _channels(name: str, store: Store, own: bytes) -> list[dict[str, Any]]:
    sql = "SELECT count(*) FROM one_sided WHERE code = 'channel-withheld' AND side = ?"
    held_back = store.query(sql, own)[0][0]
    return [
        {"name": f"{name}/{channel}", "mode": mode, "withheld": held_back, "trees": cbor.decode(withheld)}
        for channel, mode, withheld in store.query(
            "SELECT channel, mode, withheld FROM mode ORDER BY channel"
        )
    ]


def _digest(store: Store, number: int) -> str:
    return store.query("SELECT decision_digest FROM epoch WHERE number = ? AND agreed = 1", number)[0][
        0
    ].hex()


def _log(store: Store) -> dict[str, Any]:
    log = Log()
    for data in store.events():
        log.append(data)
    return {"size": log.size, "root": log.root().hex()}


def text(found: dict[str, Any], folder: Path) -> str:
    """The same for a person."""
    parts = [
        _boards(found["boards"]),
        _picture(found),
        _cases(found["cases"]),
        _why(found["why"]),
        _sides(found),
        f"The stores lie in {folder}/alpha/store.db and {folder}/bravo/store.db.\n"
        f"Look on: .venv/bin/fieldpost why {found['why']['observation'][:12]} --store {folder}/alpha/store.db\n"
        f"         .venv/bin/fieldpost rebuild --store {folder}/alpha/store.db",
    ]
    return "\n\n".join(parts)


def _boards(boards: list[dict[str, Any]]) -> str:
    heads = ("name", "mesh", "link", "runtime", "signed", "drained", "derived", "reboots", "clock_ppm")
    return _table("Boards", heads, [tuple(one[head] for head in heads) for one in boards])


def _picture(found: dict[str, Any]) -> str:
    rows = []
    for one in found["picture"]:
        value = "-" if one["value"] is None else value_words(one["value"], one["exponent"], one["unit"])
        owner = next((mesh["name"] for mesh in found["meshes"] if mesh["id"] == one["authority"][0]), "?")
        when = interval_words(*one["interval_ns"])
        rows.append(
            (
                one["mesh"],
                one["subject"],
                value,
                when,
                f"{owner}:{one['authority'][1]}",
                len(one["alternatives"]),
                one["decided"],
            )
        )
    heads = (
        "picture of",
        "subject",
        "value",
        "interval on the mesh timeline",
        "authority",
        "alternatives",
        "decided",
    )
    return _table("The joint picture", heads, rows)


def _cases(cases: list[dict[str, Any]]) -> str:
    lines = ["Open cases"]
    for one in cases:
        why = reason(one["terms"], one["thresholds"])
        lines.append(f"  {one['id'][:12]}  scope {one['scope']}: automatic sync stopped; {why}")
        measured = ", ".join(f"{name} {value}" for name, value in sorted(one["terms"].items()) if value)
        lines.append(f"  {'':12}  measured: {measured}")
    return "\n".join(lines)


def _why(why: dict[str, Any]) -> str:
    lines = [f"Why {why['observation'][:16]}"]
    for step in why["steps"]:
        said = f"{step['stage']:<10} {step['outcome']}: {step['reason']}"
        lines += textwrap.wrap(said, WIDTH, initial_indent="  ", subsequent_indent=" " * 13)
    return "\n".join(lines)


def _sides(found: dict[str, Any]) -> str:
    lines = [
        f"Epoch {found['epoch']}: joint "
        + ", ".join(f"{scope} {count}" for scope, count in found["joint"].items())
    ]
    for name, digest in found["decision_digests"].items():
        alone = found["one_sided"][name]
        codes = sorted({one["code"] for one in alone})
        lines.append(f"  {name:<6} decision digest {digest}")
        lines.append(
            f"  {'':<6} admits {len(alone)} that the other side does not ({', '.join(codes) or 'none'})"
        )
    digests = set(found["decision_digests"].values())
    lines.append("  the digests are equal" if len(digests) == 1 else "  THE DIGESTS DIFFER")
    for one in found["channels"]:
        kept = ", ".join(one["trees"]) or "nothing"
        lines.append(
            f"  channel {one['name']} is {one['mode']}, withholds {kept} ({one['withheld']} observations)"
        )
    return "\n".join(lines)


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    cells = [heads, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join([title, *lines])
