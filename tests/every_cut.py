"""Cuts the power at every operation of an action on files: real LittleFS on an emulated flash under MicroPython, and
under CPython a file system in memory that keeps what LittleFS keeps.
"""

from fieldagent.journal_files import Files
from fieldwire.errors import StorageError
from fieldwire.port import MICROPYTHON


def every_cut(prepare, act, check):
    """`prepare(files)` once; then `act(files)` cut at each operation in each way, and `check(files, done)` after each.

    `done`: the action had ended before the cut. Returns the number of cuts.
    """
    tries = _on_littlefs(prepare) if MICROPYTHON else _in_memory(prepare)
    cuts = 0
    for attempt in tries:
        done = attempt.run(act)
        check(attempt.files(), done)
        cuts += not done
    return cuts


class _InMemory:
    def __init__(self, kept, folders, cut_at, torn_part):
        from fake_flash import FakeFlash

        self._flash = FakeFlash(cut_at=cut_at, torn_part=torn_part)
        self._flash.kept.update(kept)
        self._flash.folders.update(folders)

    def run(self, act):
        from fake_flash import PowerCut

        try:
            act(Files("", self._flash))
        except PowerCut:
            self._flash.power_on()
            return False
        self._flash.power_on()
        return True

    def files(self):
        return Files("", self._flash)


def _in_memory(prepare):
    from fake_flash import FakeFlash

    ready = FakeFlash()
    prepare(Files("", ready))
    for torn_part in range(5):
        cut_at = 1
        while True:
            attempt = _InMemory(ready.kept, ready.folders, cut_at, torn_part)
            yield attempt
            if attempt.files()._system.operations < cut_at:
                break
            cut_at += 1


class _OnLittleFs:
    def __init__(self, store, flash):
        self._store = store
        self._flash = flash

    def run(self, act):
        try:
            act(self._store.files(self._flash))
        except StorageError:
            if not self._flash.is_off():
                raise
        done = not self._flash.is_off()
        self._flash.power_on()
        return done

    def files(self):
        return self._store.files(self._flash)


def _on_littlefs(prepare):
    import torn
    from littlefs_part import LittleFsPart
    from nor_flash import NorFlash

    store, flash = LittleFsPart(), NorFlash(64, 512, 16)
    store.format(flash)
    prepare(store.files(flash))
    ready = flash.image()
    for mode in torn.FIRM_MODES:
        after, reached = 0, True
        while reached:
            flash.load(ready)
            flash.cut_after(after, mode, after)
            before = flash.operations
            yield _OnLittleFs(store, flash)
            reached = flash.operations - before > after
            after += 1
