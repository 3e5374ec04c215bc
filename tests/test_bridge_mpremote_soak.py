"""Hundreds of mpremote sessions in any order against one board, with resets, power cuts and a cable that goes out."""

import asyncio
import hashlib
from random import Random

import pytest
from emulated_probe import settle
from mpremote_bench import bench, index, served

SEED = 5
SESSIONS = 200


class Day:
    """One board's day: each session picks what a person does next, and checks what came of it."""

    def __init__(self, mpremote, folder, url):
        self._mpremote = mpremote
        self._folder = folder
        self._url = url
        self._dice = Random(SEED)
        self._files = {}

    async def session(self):
        what = self._dice.choice(
            [
                self.copies,
                self.reads,
                self.removes,
                self.runs,
                self.raises,
                self.mounts,
                self.installs,
                self.deploys,
                self.soft_reset,
                self.reset,
                self.power,
                self.cable,
            ]
        )
        await what()
        return what.__name__

    async def copies(self):
        name, data = f"f{self._dice.randrange(6)}", self._dice.randbytes(self._dice.randrange(9_000))
        (self._folder / name).write_bytes(data)
        await self._mpremote("cp", str(self._folder / name), f":{name}")
        self._files[name] = data

    async def reads(self):
        for name, data in self._files.items():
            assert hashlib.sha256(data).hexdigest() in await self._mpremote("resume", "sha256sum", f":{name}")
            await self._mpremote("cp", f":{name}", str(self._folder / name))
        assert all((self._folder / name).read_bytes() == data for name, data in self._files.items())

    async def removes(self):
        if self._files:
            name, _ = self._files.popitem()
            assert f" {name}\n" not in await self._mpremote("rm", f":{name}", "+", "ls")

    async def runs(self):
        number = self._dice.randrange(10**9)
        script = self._folder / "script.py"
        script.write_text(f"print({number} * 3)\n")
        assert await self._mpremote("run", str(script)) == f"{number * 3}\n"

    async def raises(self):
        said, code = await self._mpremote.tried("exec", "raise OSError(28)")
        assert code == 1 and "OSError: 28\n" in said

    async def mounts(self):
        (self._folder / "there.py").write_text(f"WHERE = {self._dice.randrange(99)}\nprint(WHERE)\n")
        said = await self._mpremote("mount", str(self._folder), "exec", "import there")
        assert said.endswith((self._folder / "there.py").read_text().split()[2] + "\n")

    async def installs(self):
        await self._mpremote("mip", "install", "--index", self._url, "thing")
        assert await self._mpremote("exec", "import thing; print(thing.VALUE)") == "11\n"

    async def deploys(self):
        (self._folder / "rom").mkdir(exist_ok=True)
        (self._folder / "rom" / "inrom.py").write_text("VALUE = 7\n" * self._dice.randrange(1, 400))
        await self._mpremote("romfs", "deploy", str(self._folder / "rom"))
        assert await self._mpremote("exec", "import inrom; print(inrom.VALUE)") == "7\n"

    async def soft_reset(self):
        await self._mpremote("exec", "gone = 1")
        assert await self._mpremote("soft-reset", "eval", "'gone' in globals()") == "False\n"

    async def reset(self):
        starts = self._mpremote.board.power_ons
        await self._mpremote("resume", "reset")
        assert await settle(lambda: self._mpremote.board.power_ons > starts)

    async def power(self):
        self._mpremote.board.power_cut()
        await asyncio.sleep(self._dice.uniform(0, 0.05))
        self._mpremote.board.power_on()

    async def cable(self):
        self._mpremote.board.unplug()
        await asyncio.sleep(self._dice.uniform(0, 0.05))
        self._mpremote.board.plug()


@pytest.mark.soak
def test_two_hundred_sessions_in_any_order_all_come_out_right(tmp_path):
    index(tmp_path / "index", "thing", b"VALUE = 11\n")
    (tmp_path / "host").mkdir()

    async def story():
        with served(tmp_path / "index") as url:
            async with bench(tmp_path / "board") as mpremote:
                day = Day(mpremote, tmp_path / "host", url)
                done = [await day.session() for _ in range(SESSIONS)]
                assert len(set(done)) == 12
                assert await mpremote("eval", "1 + 1") == "2\n"

    asyncio.run(story())
