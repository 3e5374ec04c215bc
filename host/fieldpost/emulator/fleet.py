"""Many emulated boards in one process: made from specs, started together, stopped without fail.

Decides the common things: one world clock, one hub, one directory for the run. A board that ends unasked is
an error of the fleet, told with its last console lines.
"""

import asyncio
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from fieldpost.emulator.air import Air
from fieldpost.emulator.board import BoardSpec, EmulatedBoard
from fieldpost.emulator.hub import Hub
from fieldpost.emulator.image import provision
from fieldpost.emulator.medium import Medium
from fieldpost.emulator.world import start_world
from fieldpost.firmware_build import BoardProfile, load_profile


class Fleet:
    """`async with Fleet(run, specs) as fleet:` holds the boards; leaving it kills every one of them.

    `seed` decides the hub's latencies and losses; `scale` emulated seconds pass in a second of the host; `medium`: what
    carries LoRa, one without losses where none is given; `profile`: what kind of boards they are, `emulated` ones.
    """

    def __init__(
        self,
        run: Path,
        specs: Iterable[BoardSpec],
        *,
        seed: int = 0,
        scale: int = 1,
        latency_ms: tuple[int, int] = (20, 120),
        loss: float = 0.0,
        medium: Medium | None = None,
        profile: BoardProfile | None = None,
    ) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.run = run
        self.profile = load_profile() if profile is None else profile
        self.world = start_world(scale)
        self.hub = Hub(seed, latency_ms, loss, scale)
        self.air = Air(Medium(seed) if medium is None else medium, scale)
        self.boards: dict[str, EmulatedBoard] = {}
        self._failed = asyncio.Event()
        for spec in specs:
            if spec.name in self.boards:
                raise ValueError(f"two boards are named {spec.name}")
            board = EmulatedBoard(spec, self.profile, run, self.world, self.hub, self.air)
            board.on_failure = lambda _failure: self._failed.set()
            self.boards[spec.name] = board

    def __getitem__(self, name: str) -> EmulatedBoard:
        return self.boards[name]

    def __iter__(self) -> Iterator[EmulatedBoard]:
        return iter(self.boards.values())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def provision(self, files: Mapping[str, bytes], names: Collection[str] | None = None) -> None:
        """Make every flash anew, or those of `names`: `files`, then each board's own; sensors begin anew."""
        common = self.run / "common.img"
        common.unlink(missing_ok=True)
        provision(common, files, self.profile)
        for board in [one for one in self if names is None or one.spec.name in names]:
            board.directory.mkdir(parents=True, exist_ok=True)
            board.forget_sensors()
            shutil.copy(common, board.image)  # with its mode: nobody else may read it
            if board.spec.files:
                board.provision({})

    def power_on(self) -> None:
        for board in self:
            board.power_on()

    def check(self) -> None:
        """Raise the first failure of a board, if there is one."""
        for board in self:
            if board.failure is not None:
                raise board.failure

    async def watch(self) -> NoReturn:
        """Wait until a board ends unasked and raise its EmulatorError; run it beside the work as a task."""
        while True:
            self.check()
            self._failed.clear()
            await self._failed.wait()

    def close(self) -> None:
        for board in self:
            board.close()
        self.hub.close()
        self.air.close()
