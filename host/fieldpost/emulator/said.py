"""What a board says on its console, as events: what its agent is at, whether a bridge is there, what it complains of.

Decides which lines are news. It refuses to change or keep any: the console's file has them all.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

AWAITING = "awaiting enrolment"
PROMPT = 'Type "help()"'


def statuses(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What the status lines among console lines hold. Half a line (still printed, or cut with the power) is none."""
    for line in lines:
        if line.startswith("status {"):
            try:
                yield json.loads(line.removeprefix("status "))
            except json.JSONDecodeError:
                continue


class Said:
    """The console's news from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0
        self._state = ""
        self._linked = False

    @property
    def waits(self) -> bool:
        """Whether it asks to be enrolled."""
        return self._state == AWAITING

    def news(self) -> Iterator[tuple[str, str]]:
        """(event, detail) of the whole lines since the last look."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            for status in statuses([line]):
                yield from self._status(status)
            if line.startswith("error "):
                yield "error", line.removeprefix("error ")
            elif line.startswith(PROMPT):
                yield "prompt", ""
            elif line.startswith("--- "):
                self._state, self._linked = "", False

    def _status(self, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
        state = said.get("state") or f"{said.get('device')} boot {said.get('boot')}"
        if state != self._state:
            self._state = state
            yield ("waits", state) if "state" in said else ("runs", state)
        if said.get("linked", False) != self._linked:
            self._linked = not self._linked
            yield ("linked" if self._linked else "unlinked"), ""
