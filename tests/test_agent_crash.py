"""What ends a start is shown, kept in one bounded file, counted, and the board starts anew after a pause."""

import sys

from fieldwire.slot_record import Record


class Namespace:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class File:
    def __init__(self, files, name):
        self._files, self._name = files, name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def write(self, text):
        self._files[self._name] = text


class Board:
    """The port's modules and the start's own, as `crash` finds them."""

    def __init__(self, crashes=0, resets=True):
        self.record = Record()
        self.record.crashes = crashes
        self.files, self.folders, self.said, self.slept_ms, self.interrupts = {}, [], [], [], []
        self.resets = 0
        self.machine = Namespace(reset=self.reset) if resets else Namespace()

    def reset(self):
        self.resets += 1

    def settle(self, step):
        getattr(self.record, step)()
        return self.record

    def crash(self, text):
        names = ("machine", "micropython", "slots")
        kept = {name: sys.modules.get(name) for name in names}
        sys.modules["machine"], sys.modules["slots"] = self.machine, self
        sys.modules["micropython"] = Namespace(kbd_intr=self.interrupts.append)
        sys.modules.pop("crash", None)
        try:
            import crash
        finally:
            for name in names:
                sys.modules.pop(name)
                if kept[name] is not None:
                    sys.modules[name] = kept[name]
        crash.sys = Namespace(print_exception=lambda error, out: out.write("Traceback\n" + str(error)))
        crash.os = Namespace(listdir=lambda: self.folders, mkdir=self.folders.append)
        crash.time = Namespace(sleep_ms=self.slept_ms.append)
        crash.open = lambda name, mode: File(self.files, name)
        crash.print = self.said.append
        crash.keep(ValueError(text))
        sys.modules.pop("crash")


def test_a_crash_is_shown_kept_and_counted_before_the_board_starts_anew():
    board = Board()
    board.crash("no such pin")
    assert board.said == ["Traceback\nno such pin"]
    assert board.files == {"state/crash": "slot a\nTraceback\nno such pin"} and board.folders == ["state"]
    assert board.record.crashes == 1 and board.resets == 1
    assert board.slept_ms == [5_000] and board.interrupts == [3], "meanwhile a person can ask for the prompt"


def test_what_is_kept_has_an_end_and_the_newest_takes_the_place_of_the_last():
    board = Board()
    board.crash("x" * 10_000 + "the end")
    assert len(board.files["state/crash"]) < 2_100 and board.files["state/crash"].endswith("the end")
    board.crash("another")
    assert list(board.files) == ["state/crash"] and "another" in board.files["state/crash"]


def test_a_board_that_crashes_again_and_again_waits_longer_but_not_for_ever():
    board = Board(crashes=2)
    board.crash("again")
    assert board.slept_ms == [15_000]
    board.record.crashes = 250
    board.crash("again")
    assert board.slept_ms[-1] == 600_000


def test_a_flash_that_takes_nothing_does_not_keep_the_board_from_starting_anew():
    board = Board()

    def full(step):
        raise OSError(28)

    board.settle = full
    board.crash("no such pin")
    assert board.files == {} and board.resets == 1 and board.said


def test_a_port_that_cannot_start_anew_shows_the_error_itself():
    board = Board(resets=False)
    try:
        board.crash("no such pin")
        raise AssertionError("the error goes on")
    except ValueError as error:
        assert str(error) == "no such pin" and board.record.crashes == 1
