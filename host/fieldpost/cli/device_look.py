"""`fieldpost device list`, `status` and `logs`: which boards there are, and what they say."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from fieldpost.cli import output
from fieldpost.cli.device_cable import BAUD, Baud, Json, Port, Wait, answering, at_prompt
from fieldpost.cli.table import print_table
from fieldpost.device.cable import connect
from fieldpost.device.errors import DeviceError
from fieldpost.device.facts import BoardFacts, board_facts
from fieldpost.device.files import Files
from fieldpost.device.heard import Heard
from fieldpost.device.listen import PortFound, lines, listen, ports
from fieldpost.device.slot_files import read_record

LISTEN_S = 2.5
CRASH_FILE = "/state/crash"
Listen = Annotated[
    float, typer.Option("--for", min=0.1, max=86_400, metavar="SECONDS", help="How long to listen.")
]


def add_to(app: typer.Typer) -> None:
    """Put the commands of this module under an application."""
    app.command("list", epilog="Example: fieldpost device list 'build/fleet/valley/*.usb' --ask")(list_boards)
    app.command(epilog="Example: fieldpost device status /dev/ttyACM0 --json")(status)
    app.command(epilog="Example: fieldpost device logs /dev/ttyACM0 --follow")(logs)


def list_boards(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PORT]...", help="Ports, or patterns of their paths; else all that are known."
        ),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask the silent ones for their prompt; a program there is interrupted."),
    ] = False,
    for_s: Listen = LISTEN_S,
    baud: Baud = BAUD,
    json: Json = False,
) -> None:
    """The ports that there are, and what answers on each. It only listens, unless --ask: no agent is disturbed."""
    found = ports(named or [])
    with ThreadPoolExecutor(max_workers=max(1, len(found))) as pool:
        rows = list(pool.map(lambda one: _row(one, baud, for_s, ask), found))
    if json:
        output.print_json(rows)
        return
    if not rows:
        typer.echo("no serial port is there; plug a board in, or name its port")
        return
    print_table(("port", "what", "says"), [(row["port"], row["about"], row["says"]) for row in rows])


def _row(port: PortFound, baud: int, for_s: float, ask: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"port": port.path, "about": port.about, "answers": "nothing"}
    try:
        heard = listen(port.path, baud, for_s, lambda one: one.is_agent)
        if heard.is_agent:
            who = heard.device or "that says no id yet"
            return {**row, "answers": "agent", "device": heard.device, "says": f"an agent runs, device {who}"}
        if not ask:
            said = "nothing while nobody asks" if heard.bytes == 0 else f"{heard.bytes} bytes, no agent's"
            return {**row, "says": said + " (--ask for its prompt)"}
        with connect(port.path, baud) as cable:
            facts = board_facts(cable)
    except DeviceError as error:
        return {**row, "answers": "error", "says": str(error)}
    return {**row, "answers": "prompt", **_facts(facts), "says": _said(facts)}


def status(
    port: Port,
    for_s: Listen = LISTEN_S,
    wait_s: Wait = 0.0,
    baud: Baud = BAUD,
    json: Json = False,
) -> None:
    """What a running agent says of itself; where none is heard, what the board says at its prompt."""
    with answering():
        heard = listen(port, baud, for_s, lambda one: one.status is not None)
        if heard.is_agent and wait_s == 0:
            _tell_agent(port, heard, json)
            return
        with at_prompt(port, baud, wait_s) as cable:
            facts, files = board_facts(cable), Files(cable)
            record = read_record(files)
            crash = files.held(CRASH_FILE) is not None
    told = {
        **_facts(facts),
        "slot": record.slot,
        "trial": record.trial,
        "crashes": record.crashes,
        "safe_mode": record.is_safe_mode,
        "crash": crash,
    }
    if json:
        output.print_json({"port": port, "answers": "prompt", **told})
        return
    typer.echo(output.shown(f"{port}: {_said(facts)}"))
    for key, value in told.items():
        typer.echo(f"  {key:12} {output.shown(str(value))}")


def logs(
    port: Port,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until Ctrl-C.")] = False,
    for_s: Listen = LISTEN_S,
    crash: Annotated[
        bool, typer.Option("--crash", help="Show what ended the last start that crashed; takes the prompt.")
    ] = False,
    wait_s: Wait = 0.0,
    baud: Baud = BAUD,
) -> None:
    """The console lines of a board as they come, with the frames among them left out; or its last crash."""
    with answering():
        if crash:
            _show_crash(port, baud, wait_s)
            return
        until = time.monotonic() + for_s
        try:
            for line in lines(port, baud, Heard(), lambda: not follow and time.monotonic() >= until):
                sys.stdout.write(output.shown(line) + "\n")
                sys.stdout.flush()
        except KeyboardInterrupt:
            raise typer.Exit from None


def _show_crash(port: str, baud: int, wait_s: float) -> None:
    with at_prompt(port, baud, wait_s) as cable:
        data = Files(cable).read(CRASH_FILE)
    if data is None:
        output.stop(output.NO, f"{port}: no start of this board has crashed since it was wiped")
    typer.echo("\n".join(output.shown(line) for line in data.decode(errors="replace").splitlines()))


def _tell_agent(port: str, heard: Heard, json: bool) -> None:
    if json:
        output.print_json({"port": port, "answers": "agent", "device": heard.device, "status": heard.status})
        return
    typer.echo(f"{port}: an agent runs, device {heard.device or 'that says no id yet'}")
    if heard.status is None:
        typer.echo("  it prints no status line on this port; its console may be another one")
    for key, value in (heard.status or {}).items():
        typer.echo(f"  {output.shown(f'{key:15} {value}')}")


def _facts(facts: BoardFacts) -> dict[str, Any]:
    who = facts.enrolled
    return {
        "machine": facts.kind.machine,
        "micropython": facts.kind.version,
        "arch": facts.kind.arch,
        "hardware_id": facts.hardware_id.hex(),
        "free_bytes": facts.free_bytes,
        "heap_bytes": facts.heap_bytes,
        "installed": {
            slot: {"board": one.board, "version": one.version, "measurement": one.measurement.hex()}
            for slot, one in facts.slots.items()
        },
        "lib": facts.lib,
        "enrolled": who is not None,
        "device": who.device.hex() if who and who.device else None,
        "mesh": who.mesh.hex() if who and who.mesh else None,
        "authority": who.authority if who else None,
    }


def _said(facts: BoardFacts) -> str:
    slots = ", ".join(f"{one.board} {one.version} in {slot}" for slot, one in facts.slots.items())
    agent = slots or ("an agent in /lib" if facts.lib else "no agent")
    who = facts.enrolled
    enrolled = "not enrolled" if who is None else f"device {who.device.hex() if who.device else 'damaged'}"
    return f"MicroPython {facts.kind.version} on {facts.kind.machine}; {agent}; {enrolled}"
