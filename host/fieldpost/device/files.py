"""Files of a board over its prompt: listed with their digests, read, put in pieces, verified where they lie, removed.

Decides that what `put` replaces is the new file or the old one: it is written under another name, read back by its
hash on the board, and takes the old one's place by a rename. It refuses to know what files mean. Paths begin with `/`,
which is the root of the flash; on some ports that is a folder of the board's own root.
"""

from binascii import b2a_base64
from collections.abc import Callable, Iterable
from hashlib import sha256

import msgspec

from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError, RaisedOnBoard
from fieldpost.device.plan import Held
from fieldpost.device.shapes import Count, Digest, Name, Size

PIECE_BYTES = 4_096
READ_BYTES_MAX = 1 << 20  # what is read back are manifests, records, schemas, a crash
DRAFT = ".new"
_HASH_S = 60  # of a file as long as a flash is, on a slow board
_NO_FILE = ("ENOENT", "OSError: 2")
_FULL = ("ENOSPC", "OSError: 28")
_FOLDER = 0x4000

_HELD = msgspec.json.Decoder(tuple[Count, Digest])
_TREE = msgspec.json.Decoder(tuple[str, Count, Digest])
_ROWS = msgspec.json.Decoder(list[tuple[Name, Count]])
_SPACE = msgspec.json.Decoder(tuple[Count, Size])

# Runs on the board, once a prompt; names that no program of a person's has.
_ON_BOARD = """
import os, hashlib, json as _fp_json
from binascii import hexlify as _fp_hex, a2b_base64 as _fp_b
# Ports keep their files at / or below it: where a start begins.
_fp_root = os.getcwd().rstrip('/')
def _fp_hash(p):
    h = hashlib.sha256()
    n = 0
    b = bytearray(1024)
    m = memoryview(b)
    with open(_fp_root + p, 'rb') as f:
        while True:
            k = f.readinto(b)
            if not k:
                return n, _fp_hex(h.digest()).decode()
            h.update(m[:k])
            n += k
def _fp_rows(p):
    try:
        return [(r[0], r[1]) for r in os.ilistdir(_fp_root + p or '/')]
    except OSError as e:
        if e.errno == 2:
            return []
        raise
def _fp_tree(p):
    for name, kind in _fp_rows(p):
        q = p + '/' + name
        if kind == 0x4000:
            _fp_tree(q)
        else:
            n, d = _fp_hash(q)
            print(_fp_json.dumps((q, n, d)))
def _fp_folder(p):
    at = p.find('/', 1)
    while at > 0:
        try:
            os.mkdir(_fp_root + p[:at])
        except OSError as e:
            if e.errno != 17:
                raise
        at = p.find('/', at + 1)
def _fp_lost(p):
    try:
        os.remove(_fp_root + p)
    except OSError as e:
        if e.errno != 2:
            raise
def _fp_gone(p):
    for name, kind in _fp_rows(p):
        q = p + '/' + name
        if kind == 0x4000:
            _fp_gone(q)
        else:
            os.remove(_fp_root + q)
    try:
        os.rmdir(_fp_root + p)
    except OSError as e:
        if e.errno != 2:
            raise
"""

Moved = Callable[[int], None]


def nobody(_bytes: int) -> None:
    """For who shows no progress."""


class Files:
    """The file system behind one prompt; after a soft reset of the board make another. All raise DeviceError."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable
        cable.run(_ON_BOARD)

    def tree(self, folder: str = "") -> dict[str, Held]:
        """Every file below a folder ("" for all that is mounted), path -> Held; none where there is no folder."""
        return self._cable.told(f"_fp_tree({folder!r})", _tree, _HASH_S)

    def held(self, path: str) -> Held | None:
        """None where there is no such file."""
        try:
            size, digest = self._cable.value(f"_fp_hash({path!r})", _HELD.decode)
        except RaisedOnBoard as error:
            if any(one in error.last for one in _NO_FILE):
                return None
            raise
        return Held(bytes.fromhex(digest), size)

    def names(self, folder: str) -> dict[str, bool]:
        """What lies in a folder, name -> whether it is a folder itself. No name leads out of a folder."""
        return self._cable.value(f"_fp_rows({folder!r})", _names)

    def read(self, path: str) -> bytes | None:
        """All bytes of a file, at most READ_BYTES_MAX, or None where there is none."""
        held = self.held(path)
        if held is None:
            return None
        if held.size > READ_BYTES_MAX:
            raise DeviceError(
                f"{self._cable.path}: {path} has {held.size} bytes on the board, at most {READ_BYTES_MAX} are read;"
                " remove it there (mpremote rm) and run the command again"
            )
        self._cable.run(f"_fp_f = open(_fp_root + {path!r}, 'rb')")
        data = bytearray()
        while len(data) < held.size:
            piece = self._cable.told(f"print(_fp_hex(_fp_f.read({PIECE_BYTES})).decode())", bytes.fromhex)
            if not piece:
                break
            data += piece
        self._cable.run("_fp_f.close()")
        return bytes(data)

    def space(self) -> tuple[int, int]:
        """(bytes that are free, bytes of a block) of the file system that ports start from."""
        return self._cable.value(
            "(lambda s: (s[0] * s[3], s[0]))(os.statvfs(_fp_root or '/'))", _SPACE.decode
        )

    def put(self, path: str, data: bytes, moved: Moved = nobody) -> None:
        """Durable on return, and what the board reads back; until then the board holds the old file, or none."""
        self.write(path + DRAFT, data, moved)
        self.rename(path + DRAFT, path)

    def write(self, path: str, data: bytes, moved: Moved = nobody) -> None:
        """As `put`, where nobody minds a file that a cut leaves half written. `moved(bytes)` after each piece."""
        pieces = [data[begin : begin + PIECE_BYTES] for begin in range(0, len(data), PIECE_BYTES)] or [b""]
        said = ""
        try:
            for number, piece in enumerate(pieces):
                begin = (
                    f"_fp_folder({path!r})\n_fp_f = open(_fp_root + {path!r}, 'wb')\n" if number == 0 else ""
                )
                end = f"\n_fp_f.close()\nprint(_fp_hash({path!r})[1])" if number == len(pieces) - 1 else ""
                said = self._cable.run(f"{begin}_fp_f.write(_fp_b({_quoted(piece)})){end}", _HASH_S)
                moved(len(piece))
        except RaisedOnBoard as error:
            self._abandon(path)
            if any(one in error.last for one in _FULL):
                raise DeviceError(
                    f"{self._cable.path}: the board's flash is full, {path.removesuffix(DRAFT)} does not fit;"
                    " remove files of your own and run the command again"
                ) from None
            raise
        if said.strip() != sha256(data).hexdigest():
            self._abandon(path)
            raise DeviceError(
                f"{self._cable.path}: {path} came to the board with other bytes than were sent; check the cable,"
                " and run the command again"
            )

    def rename(self, source: str, target: str) -> None:
        self._cable.run(f"os.rename(_fp_root + {source!r}, _fp_root + {target!r})")

    def remove(self, paths: Iterable[str]) -> None:
        """None there is fine."""
        for path in paths:
            self._cable.run(f"_fp_lost({path!r})")

    def remove_folder(self, folder: str) -> None:
        """The folder and all below it; none is fine."""
        self._cable.run(f"_fp_gone({folder!r})", _HASH_S)

    def _abandon(self, path: str) -> None:
        """What a failed write left; the file may be open, or not there."""
        code = f"try:\n    _fp_f.close()\nexcept (OSError, NameError):\n    pass\n_fp_lost({path!r})"
        self._cable.run(code)


def _tree(said: str) -> dict[str, Held]:
    """Raises ValueError."""
    rows = _TREE.decode_lines(said)
    return {path: Held(bytes.fromhex(digest), size) for path, size, digest in rows}


def _names(said: str) -> dict[str, bool]:
    """Raises ValueError."""
    rows = _ROWS.decode(said)
    for name, _ in rows:
        if name in ("", ".", "..") or set(name) & set("/\\\0"):
            raise ValueError(f"{name!r} is no name of a file")
    return {name: kind == _FOLDER for name, kind in rows}


def _quoted(piece: bytes) -> str:
    return repr(b2a_base64(piece, newline=False))
