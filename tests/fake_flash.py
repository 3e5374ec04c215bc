"""A file system in memory that keeps what LittleFS keeps when the power is cut, for tests on both runtimes.

What was written but not flushed is lost, or torn; a rename is whole or not at all. `cut_at` counts operations that
touch the flash: that one is not completed, and nothing works until `power_on`.
"""

import io


class PowerCut(Exception):
    """The power went; everything in RAM is gone."""


class FakeFlash:
    """`torn_part` of 4: how many quarters of the unflushed bytes reach the flash at a cut (POSIX may keep some)."""

    def __init__(self, cut_at=None, torn_part=0):
        self.kept = {}
        self.folders = set()
        self.operations = 0
        self.cut_at = cut_at
        self._torn_part = torn_part
        self._off = False

    def power_on(self):
        self._off = False
        self.cut_at = None

    def _operate(self):
        """Counts one operation; True when the cut falls on it."""
        if self._off:
            raise PowerCut
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            self._off = True
            return True
        return False

    def commit(self, path, data, flushed):
        if self._operate():
            fresh = len(data) - flushed
            self.kept[path] = bytes(data[: flushed + fresh * self._torn_part // 4])
            raise PowerCut
        self.kept[path] = bytes(data)

    def open(self, path, mode):
        if self._off:
            raise PowerCut
        if mode == "rb":
            if path not in self.kept:
                raise OSError(2, path)
            return io.BytesIO(self.kept[path])
        if mode == "ab":
            return _Writer(self, path, self.kept.get(path, b""))
        self.commit(path, b"", 0)
        return _Writer(self, path, b"")

    def rename(self, old, new):
        if self._operate():
            raise PowerCut
        self.kept[new] = self.kept.pop(old)

    def remove(self, path):
        if path not in self.kept:
            raise OSError(2, path)
        if self._operate():
            raise PowerCut
        del self.kept[path]

    def mkdir(self, path):
        if path in self.folders:
            raise OSError(17, path)
        if self._operate():
            raise PowerCut
        self.folders.add(path)

    def free_bytes(self, path):
        return (1 << 24) - sum([len(data) for data in self.kept.values()])

    def ilistdir(self, path):
        below = path if path.endswith("/") else path + "/"
        rows = [
            (name[len(below) :], 0x8000, 0, len(data))
            for name, data in sorted(self.kept.items())
            if name.startswith(below) and "/" not in name[len(below) :]
        ]
        inner = [name[len(below) :] for name in self.folders if name.startswith(below)]
        return rows + [(name, 0x4000, 0, 0) for name in inner if name and "/" not in name]


class _Writer:
    def __init__(self, flash, path, data):
        self._flash = flash
        self._path = path
        self._data = data
        self._flushed = len(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self._data += bytes(data)
        return len(data)

    def flush(self):
        if self._flushed < len(self._data):
            self._flash.commit(self._path, self._data, self._flushed)
            self._flushed = len(self._data)

    def close(self):
        self.flush()
