"""The start chooses its modules by the slot record, writes what it does before it does it, and keeps what ended it."""

import sys

from fieldwire import slot_record

sys.modules["slot_record"] = slot_record
import slots  # noqa: E402

from fieldwire.slot_record import Record  # noqa: E402


class Namespace:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class Machine(Namespace):
    PWRON_RESET = 1

    def __init__(self, cause=1):
        self.cause = cause
        self.resets = 0

    def reset_cause(self):
        return self.cause

    def reset(self):
        self.resets += 1


class Rom:
    """The `vfs` of a port with `count` ROMFS partitions, of which the first is mounted."""

    def __init__(self, count, bad=()):
        self._count = count
        self._bad = bad
        self.mounted = ["part 0 at /rom"]

    def rom_ioctl(self, kind, number=None):
        return self._count if kind == 1 else number

    def VfsRom(self, number):
        if number in self._bad:
            raise OSError(19)
        return "part %d" % number

    def umount(self, place):
        self.mounted.pop()

    def mount(self, part, place):
        self.mounted.append(part + " at " + place)


class World:
    """A board's flash as the start sees it; `run` is one start of it. `bad`: slots whose pack is not sound."""

    def __init__(self, record=None, packs=("/a.pack", "/b.pack"), rom=None, cwd="/", bad=()):
        self.files = {}
        self.packs = packs
        self.bad = bad
        self.rom = rom or Namespace()
        self.cwd = cwd
        self.full = False
        if record is not None:
            record.store(self.write)

    def write(self, name, data):
        if self.full:
            raise OSError(28)
        self.files[name] = data

    def stat(self, path):
        if path not in self.packs:
            raise OSError(2)

    def mount(self, slot):
        if slot in self.bad:
            raise OSError(22)
        return "/" + slot

    def record(self):
        return slot_record.load(self.files.get)

    def run(self, cause=1, act=slots.begin):
        """What the start says, and what it put before `sys.path`."""
        kept = {name: sys.modules.get(name) for name in ("machine", "vfs", "pack")}
        path = list(sys.path)
        sys.path[:] = ["", "/rom"]
        sys.modules["machine"], sys.modules["vfs"], sys.modules["pack"] = Machine(cause), self.rom, self
        slots._read, slots._write = self.files.get, self.write
        slots.os = Namespace(getcwd=lambda: self.cwd, stat=self.stat)
        try:
            return act(), sys.path[:-2]
        finally:
            sys.path[:] = path
            for name in kept:
                sys.modules.pop(name)
                if kept[name] is not None:
                    sys.modules[name] = kept[name]


def offered():
    record = Record()
    record.try_spare()
    return record


def test_a_board_without_a_record_runs_slot_a_or_what_lies_in_lib():
    assert World().run() == (("a", False, False), ["/a"])
    bare = World(packs=())
    assert bare.run() == (("a", False, False), []) and bare.record().under_way


def test_a_trial_is_recorded_as_begun_and_runs_and_is_over_at_the_next_start():
    world = World(offered())
    assert world.run() == (("b", False, True), ["/b"])
    assert world.record().begun and world.record().under_way
    assert world.run() == (("a", False, False), ["/a"])
    assert world.record().trial is None


def test_a_flash_that_takes_no_record_runs_what_is_confirmed():
    world = World(offered())
    world.full = True
    assert world.run() == (("a", False, False), ["/a"])
    world.full = False
    assert world.run() == (("b", False, True), ["/b"])


def test_a_trial_of_a_slot_that_holds_nothing_fails():
    for world in (
        World(offered(), packs=("/a.pack",)),
        World(offered(), bad=("b",)),
        World(offered(), rom=Rom(2, bad=(1,))),
    ):
        try:
            world.run()
            raise AssertionError("slot b holds nothing")
        except OSError:
            assert world.record().begun
        assert world.run()[0] == ("a", False, False)


def test_a_board_with_two_romfs_partitions_mounts_the_one_that_runs():
    rom = Rom(2)
    world = World(offered(), rom=rom)
    assert world.run() == (("b", False, True), ["/rom/lib"]) and rom.mounted == ["part 1 at /rom"]
    rom.mounted = ["part 0 at /rom"]
    assert world.run() == (("a", False, False), ["/rom/lib"]) and rom.mounted == ["part 0 at /rom"]
    assert World(rom=Rom(1)).run()[1] == ["/a"], "one partition is no slot"


def test_a_port_whose_files_lie_elsewhere_finds_its_slots_there():
    assert World(packs=("/flash/a.pack",), cwd="/flash").run()[1] == ["/a"]


def test_a_pack_that_is_not_sound_counts_as_none_and_the_other_slot_runs():
    world = World(bad=("a",))
    assert world.run() == (("b", False, False), ["/b"])
    world.run(act=lambda: slots.settle("confirm"))
    assert world.record().slot == "a", "as it was chosen, so that an installation mends it"
    assert World(bad=("a", "b")).run() == (("a", False, False), []), "an agent in /lib"
    assert World(packs=("/a.pack",), bad=("a",)).run()[1] == []


def test_what_was_tried_and_failed_is_not_run_in_place_of_an_agent_in_lib():
    world = World(offered(), packs=("/b.pack",))
    assert world.run() == (("b", False, True), ["/b"])
    assert world.run() == (("a", False, False), [])


def test_a_start_that_was_cut_short_counts_as_crashed_unless_the_power_came_or_nobody_knows():
    for cause, crashes in ((1, 0), (0, 0), (2, 2), (3, 2)):
        world = World()
        for _ in range(3):
            world.run(cause)
        assert world.record().crashes == crashes, cause


def test_the_prompt_is_given_once_when_it_is_asked_for():
    world = World()
    world.run()
    world.run(act=lambda: slots.settle("ask"))
    assert world.run(3)[0] is None
    assert world.run(3)[0] == ("a", False, False) and world.record().crashes == 0


def test_three_crashed_starts_are_told_to_the_agent():
    world = World()
    for _ in range(3):
        assert not world.run(3)[0][1]
        world.run(act=lambda: slots.settle("crash"))
    assert world.run(3) == (("a", True, False), ["/a"])
