"""`fieldpost cases`: scopes that were stopped, and the merge plans by which authorities let them go on."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldpost import plan_words
from fieldpost.case_rows import blank_of, case_rows, plans_of, voice_words
from fieldpost.cli import desk, output
from fieldpost.cli.bridge_desk import KeyPath, bridge_desk
from fieldpost.cli.default_group import DefaultGroup
from fieldpost.cli.store_file import DEFAULT, AsJson, StorePath, reading
from fieldpost.cli.table import print_table
from fieldpost.cli.told import say
from fieldpost.mesh import Mesh
from fieldpost.plan import Choice, Plan, read_plan, read_vote
from fieldpost.reading import PREFIX_MIN, Rows, profile_of
from fieldwire import cose
from fieldwire.errors import WireError
from fieldwire.observation import covers

BOTH = "both"
Case = Annotated[str, typer.Argument(metavar="ID", help="A case's id, or how it begins.")]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="What `fieldpost cases plan` wrote.")]
MeshFolder = Annotated[
    Path, typer.Argument(metavar="MESHDIR", help="The folder of the mesh whose key votes.")
]
Voice = Annotated[
    str | None,
    typer.Option("--authority", metavar="PATH", help="The authority that votes; by default the mesh's root."),
]
Out = Annotated[Path, typer.Option(metavar="FILE", help="The new file.")]


class CasesGroup(DefaultGroup):
    """`cases` alone lists, `cases ID` shows."""

    alone = "list"
    given = "show"


app = typer.Typer(cls=CasesGroup, pretty_exceptions_enable=False)


@app.callback()
def group() -> None:
    """List divergence cases; settle one by a merge plan that the agreement's authorities vote for."""


@app.command("list", epilog="Example: fieldpost cases list --store alpha/store.db")
def list_cases(store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """List all cases: scope, state, and why it was stopped. `fieldpost cases` does the same."""
    with reading(store) as held:
        rows = case_rows(held)
    if json:
        output.print_json({"cases": rows})
        return
    print_table(
        ("case", "scope", "state", "reason"),
        [(row["id"], row["scope"], row["state"], row["reason"]) for row in rows],
    )


@app.command(epilog="Example: fieldpost cases show 3f0a --json")
def show(identity: Case, store: StorePath = DEFAULT, json: AsJson = False) -> None:
    """Show one case: each term beside its threshold, the plans over it, and who voted how."""
    with reading(store) as held:
        case = _case(held, store, identity)
        if json:
            output.print_json(case)
            return
        names = _names(held)
        say(f"case {case['id']}: scope {case['scope']} is {case['state']}")
        say(f"{case['reason']}; remedy: {case['remedy']}")
        print_table(
            ("term", "measured", "threshold"),
            [
                (name, value, case["thresholds"].get(name, "none"))
                for name, value in sorted(case["terms"].items())
            ],
        )
        blank = blank_of(held, bytes.fromhex(case["id"]))
        if blank is not None:
            say(f"a plan closes it by the votes of {voice_words(blank[1], names)}")
        for plan in plans_of(held, bytes.fromhex(case["id"])):
            for line in plan_words.sentences(plan, names):
                say(line)
            for vote in case["votes"]:
                if vote["plan"] == plan.id.hex():
                    say(f"  {'for it' if vote['for'] else 'against it'}: {_voice_words(vote, names)}")
        say(f"report: {case['report']}")


@app.command(
    epilog="Example: fieldpost cases plan 3f0a --prefer alpha --subject harbor/dam=both --out dam.plan"
)
def plan(
    identity: Case,
    out: Out,
    prefer: Annotated[
        str | None,
        typer.Option(metavar="MESH", help="Prefer this mesh's claims: its name, or how its id begins."),
    ] = None,
    keep_both: Annotated[
        bool, typer.Option("--keep-both", help="Keep both sides' claims: neither supersedes the other.")
    ] = False,
    subject: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SUBJECT=MESH", help="Settle this subject tree otherwise; `both` for MESH keeps both."
        ),
    ] = None,
    store: StorePath = DEFAULT,
    json: desk.Json = False,
) -> None:
    """Write a merge plan for a case: prefer one mesh, keep both, or subject by subject. It binds nobody yet."""
    if (prefer is None) == (not keep_both):
        output.stop(output.USAGE, "expected one of --prefer MESH and --keep-both")
    with reading(store) as held:
        case = _case(held, store, identity)
        found, names = blank_of(held, bytes.fromhex(case["id"])), _names(held)
    if found is None:
        output.stop(output.NO, f"case {case['id']}: no plan can close it; {case['reason']}", case["remedy"])
    blank, agreement = found
    try:
        choice = None if prefer is None else plan_words.mesh_named(prefer, agreement.parties, names)
        listed = [_subject(word, blank.scope, agreement.parties, names) for word in subject or ()]
        made = read_plan(
            Plan(blank.case, blank.agreement, blank.epoch, blank.scope, choice, tuple(listed)).to_cbor()
        )
    except ValueError as error:
        output.stop(output.USAGE, str(error))
    except WireError as error:
        output.stop(output.USAGE, error.detail)
    with desk.answering():
        desk.write_new(out, made.to_cbor())
    if json:
        output.print_json({"plan": made.id.hex(), "case": case["id"], "file": str(out)})
        return
    for line in [*plan_words.sentences(made, names), f"to be signed by {voice_words(agreement, names)}"]:
        say(line)


@app.command(epilog="Example: fieldpost cases sign dam.plan desk/alpha --authority ops --out alpha.vote")
def sign(
    file: PlanFile, folder: MeshFolder, out: Out, authority: Voice = None, json: desk.Json = False
) -> None:
    """Vote for a plan with the key of a mesh's root, or of an authority. The vote carries the plan."""
    _vote(file, folder, out, authority, True, json)


@app.command(epilog="Example: fieldpost cases reject dam.plan desk/alpha --authority ops --out alpha.vote")
def reject(
    file: PlanFile, folder: MeshFolder, out: Out, authority: Voice = None, json: desk.Json = False
) -> None:
    """Vote against a plan, for good: whatever else this voice signs, it is not for it any more."""
    _vote(file, folder, out, authority, False, json)


@app.command(epilog="Example: fieldpost cases merge alpha.vote bravo.vote --store alpha/store.db")
def merge(
    votes: Annotated[
        list[Path], typer.Argument(metavar="VOTE...", help="What `cases sign` or `cases reject` wrote.")
    ],
    store: StorePath = DEFAULT,
    key: KeyPath = None,
    json: AsJson = False,
) -> None:
    """Bring votes to a bridge and say where the case stands. Exit 1 unless it is merged.

    The other bridge learns of them when the two meet next; a running bridge takes them up with its next input.
    """
    given = [(path, *_vote_bytes(path)) for path in votes]
    with bridge_desk(store, key) as at:
        at.submit_many([("vote", data) for _, data, _ in given])
    with reading(store) as held:
        rows = {row["id"]: row for row in case_rows(held)}
        for path, data, _ in given:
            name = hashlib.sha256(data).digest()
            for code, why, remedy in held.query(
                "SELECT code, reason, remedy FROM refusal WHERE what = ?", name
            ):
                output.stop(output.NO, f"{path}: {why} ({code})", remedy)
    found = [rows[one] for one in dict.fromkeys(plan.case.hex() for _, _, plan in given)]
    if json:
        output.print_json({"cases": found})
    else:
        for case in found:
            say(f"case {case['id']}: scope {case['scope']} is {case['state']}; remedy: {_next_step(case)}")
    if any(case["outcome"] != "settled" for case in found):
        raise typer.Exit(output.NO)


def _next_step(case: dict[str, Any]) -> str:
    if case["state"] == "open":
        return "bring the votes that the quorum still lacks"
    return case["remedy"]


def _case(held: Rows, store: Path, identity: str) -> dict[str, Any]:
    """The one case that begins so; ends the command otherwise."""
    if len(identity) < PREFIX_MIN:
        output.stop(output.USAGE, f"{identity!r} is no case", f"give at least {PREFIX_MIN} digits of its id")
    rows = [row for row in case_rows(held) if row["id"].startswith(identity.lower())]
    if len(rows) != 1:
        output.stop(
            output.USAGE if rows else output.NO,
            f"{store}: {len(rows) or 'no'} cases begin with {identity}",
            "list them with `fieldpost cases`",
        )
    return rows[0]


def _names(held: Rows) -> dict[bytes, str]:
    mesh, _, name = profile_of(held)
    return {mesh: name}


def _voice_words(vote: dict[str, Any], names: dict[bytes, str]) -> str:
    return f"{vote['authority'] or 'the root'} of {plan_words.mesh_words(bytes.fromhex(vote['mesh']), names)}"


def _subject(
    word: str, scope: str, parties: tuple[bytes, ...], names: dict[bytes, str]
) -> tuple[str, Choice]:
    """(subject, choice) of SUBJECT=MESH. ValueError says what was expected."""
    named, equals, mesh = word.partition("=")
    if not equals or not covers(scope, named):
        raise ValueError(f"--subject {word}: expected SUBJECT=MESH with a subject in scope {scope}")
    return named, None if mesh == BOTH else plan_words.mesh_named(mesh, parties, names)


def _vote(file: Path, folder: Path, out: Path, authority: str | None, favours: bool, json: bool) -> None:
    with desk.answering():
        data = file.read_bytes()
    try:
        made = read_plan(data)
    except WireError as error:
        output.stop(
            output.USAGE,
            f"{file}: no plan: {error.detail} ({error.code})",
            "name what `fieldpost cases plan` wrote",
        )
    with desk.answering():
        mesh = Mesh(folder)
        desk.write_new(out, mesh.vote(made, favours, authority))
    who = f"{authority or 'the root'} of {mesh.name}"
    if json:
        said = {"plan": made.id.hex(), "case": made.case.hex(), "for": favours, "vote": str(out)}
        output.print_json({**said, "mesh": mesh.id.hex(), "authority": authority or ""})
        return
    for line in plan_words.sentences(made, {mesh.id: mesh.name}):
        say(line)
    say(f"{out}: {who} is {'for' if favours else 'against'} it")


def _vote_bytes(path: Path) -> tuple[bytes, Plan]:
    """A vote's bytes and its plan, if that is what they are; the bridge judges whose it is."""
    with desk.answering():
        data = path.read_bytes()
    try:
        return data, read_vote(cose.decode(data, cose.MERGE_PLAN).payload or b"")[1]
    except WireError as error:
        output.stop(
            output.USAGE,
            f"{path}: no vote: {error.detail} ({error.code})",
            "name what `fieldpost cases sign` wrote",
        )
