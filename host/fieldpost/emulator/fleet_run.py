"""A fleet's file, run: its boards made, what befalls them at its time, and every event told.

Shell. Decides the order of things and when they are due; what is due stands in the file, what boards do is theirs. A
board that ends is an event too, and the others go on.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from fieldpost.emulator import fleet_plan
from fieldpost.emulator.board import EmulatedBoard
from fieldpost.emulator.fleet import Fleet
from fieldpost.emulator.fleet_desk import Desks
from fieldpost.emulator.fleet_file import EventTable, FleetFile
from fieldpost.emulator.said import Said
from fieldpost.emulator.world import monotonic_us
from fieldpost.firmware_build import compiled, device_files
from fieldpost.links.enrol_port import PortError
from fieldpost.provision import ProvisionError

LOOK_S = 0.1
ENROL_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class BoardEvent:
    """`at_s`: emulated seconds since the fleet's start."""

    at_s: float
    board: str
    event: str
    detail: str = ""


class FleetRun:
    """`folder`: where the file lies; `run`: where flash images, ports and consoles lie; `tell`: hears of each event.

    `desks`: where the meshes' desks are, `run` unless given. `befallen` is set when the file has nothing more to come.
    """

    def __init__(
        self,
        plan: FleetFile,
        folder: Path,
        run: Path,
        tell: Callable[[BoardEvent], None],
        desks: Path | None = None,
    ) -> None:
        self.plan = plan
        self._tell = tell
        self._boards = {board.name: board for board in plan.board}
        self._places = {board.name: board.position_m for board in plan.board}
        self._consoles: dict[str, Said] = {}
        self._started_us = monotonic_us()
        self.failed: set[str] = set()
        self.desks = Desks(plan, run if desks is None else desks)
        self.enrolled = asyncio.Event()  # every board that the file wants enrolled is
        self.befallen = asyncio.Event()
        self._to_enrol = {board.name for board in plan.board if board.enrol is not None}
        self._enrolling: dict[str, asyncio.Task[None]] = {}
        terms = plan.fleet
        self.fleet = Fleet(
            run,
            fleet_plan.specs(plan, folder),
            seed=terms.seed,
            scale=terms.scale,
            latency_ms=terms.latency_ms,
            loss=terms.loss,
            medium=fleet_plan.medium(plan, terms.seed),
        )

    async def run(self, stop: asyncio.Event, for_s: float | None = None) -> None:
        """Until `stop` is set, or for so many emulated seconds. What flash there is already stays."""
        async with self.fleet:
            await self._provision()
            self.desks.open()
            if not self._to_enrol:
                self.enrolled.set()
            for pair in self.plan.contact:
                self.fleet.hub.connect(*pair)
            self._in_reach()
            self._started_us = monotonic_us()
            for board in self.fleet:
                self._start(board)
            tasks = [asyncio.create_task(one) for one in (stop.wait(), self._schedule(), self._look())]
            limit_s = None if for_s is None else for_s / self.plan.fleet.scale
            try:
                await asyncio.wait(tasks[:1], timeout=limit_s)
                for task in tasks[1:]:
                    if task.done():
                        task.result()
            finally:
                tasks.extend(self._enrolling.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self._read_consoles()

    async def _provision(self) -> None:
        blank = [board for board in self.fleet if not board.image.exists()]
        bought = {board.spec.name for board in blank if not self._boards[board.spec.name].firmware}
        flashed = {board.spec.name for board in blank} - bought
        if flashed:
            profile = self.fleet.profile
            files = await asyncio.to_thread(lambda: compiled(device_files(profile), profile))
            self.fleet.provision(files, flashed)
        for name in sorted(bought):
            self.fleet[name].provision({})

    def _start(self, board: EmulatedBoard) -> None:
        name = board.spec.name
        self._consoles[name] = Said(board.console)
        board.on_event = lambda event: self._on_event(board, event)
        if self._boards[name].plugged:
            board.plug()
        if self._boards[name].powered:
            board.power_on()

    def _on_event(self, board: EmulatedBoard, event: str) -> None:
        detail = ""
        if event == "plug":
            detail = f"{board.uart} {board.usb}" if board.spec.usb else str(board.uart)
        elif event == "failed":
            self.failed.add(board.spec.name)
            detail = str(board.failure)
        self._say(board.spec.name, event, detail)

    def _say(self, name: str, event: str, detail: str = "") -> None:
        at_s = (monotonic_us() - self._started_us) * self.plan.fleet.scale / 1e6
        self._tell(BoardEvent(round(at_s, 3), name, event, detail))

    async def _schedule(self) -> None:
        terms = self.plan.fleet
        if terms.events_from == "enrolled":
            await self.enrolled.wait()
        from_us = self._started_us if terms.events_from == "start" else monotonic_us()
        for at_s, event in fleet_plan.schedule(self.plan, terms.seed):
            at_us = from_us + at_s * 1e6 / terms.scale
            await asyncio.sleep(max(0.0, (at_us - monotonic_us()) / 1e6))
            self._befall(event)
        self.befallen.set()

    def _befall(self, event: EventTable) -> None:
        if event.do in ("meet", "part"):
            for one, other in combinations(event.boards, 2):
                self._meet(event.do, one, other)
            return
        for name in event.boards:
            board = self.fleet[name]
            if event.do == "plug":
                board.plug()
            elif event.do == "unplug":
                board.unplug()
            elif event.do == "power-cut":
                board.power_cut()
            elif event.do == "reset":
                board.reset()
            elif event.do == "power-on" and not board.running:
                board.power_on()
            elif event.do == "move" and event.to_m is not None:
                self._move(name, *event.to_m)

    def _meet(self, how: str, one: str, other: str) -> None:
        if how == "meet":
            self.fleet.hub.connect(one, other)
            self.fleet.air.medium.meet(one, other)
        else:
            self.fleet.hub.disconnect(one, other)
            self.fleet.air.medium.part(one, other)
        self._say(one, how, other)

    def _move(self, name: str, x_m: float, y_m: float) -> None:
        self._places[name] = (x_m, y_m)
        radio = self.fleet.air.medium.radios.get(name)
        if radio is not None:
            radio.x_m, radio.y_m = x_m, y_m
        self._in_reach()
        self._say(name, "move", f"{x_m:g} {y_m:g}")

    def _in_reach(self) -> None:
        """The local radio reaches as far as the file says; where it says nothing, contacts are what it lists."""
        reach_m = self.plan.fleet.reach_m
        if reach_m is None:
            return
        for (one, here), (other, there) in combinations(self._places.items(), 2):
            if here is not None and there is not None and math.dist(here, there) <= reach_m:
                self.fleet.hub.connect(one, other)
            else:
                self.fleet.hub.disconnect(one, other)

    async def _look(self) -> None:
        while True:
            self._read_consoles()
            await asyncio.sleep(LOOK_S)

    def _read_consoles(self) -> None:
        for name, console in self._consoles.items():
            for event, detail in console.news():
                self._say(name, event, detail)
                if event == "runs":
                    self._is_enrolled(name)
            if console.waits and self._boards[name].enrol is not None and not self._is_enrolling(name):
                self._enrolling[name] = asyncio.create_task(self._enrol(name))

    def _is_enrolling(self, name: str) -> bool:
        """Or its cable is out."""
        return not self.fleet[name].plugged or (name in self._enrolling and not self._enrolling[name].done())

    def _is_enrolled(self, name: str) -> None:
        self._to_enrol.discard(name)
        if not self._to_enrol:
            self.enrolled.set()

    async def _enrol(self, name: str) -> None:
        """What comes of it is told, and tried again for as long as the board waits."""
        board = self._boards[name]
        if board.enrol is None:
            return
        try:
            self._say(name, "enrolled", await self.desks.enrol(board, board.enrol, self.fleet[name].uart))
            self._is_enrolled(name)
        except (PortError, ProvisionError) as error:
            self._say(name, "error", str(error))
        await asyncio.sleep(ENROL_AGAIN_S)
