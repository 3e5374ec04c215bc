"""A ROM partition of a board over its prompt: how long it is, whether it holds an image, and an image written to it.

Decides that an image counts once the board's own hash of it is right. The calls are those of MicroPython's
extmod/vfs_rom_ioctl.c, as `mpremote romfs deploy` makes them.
"""

import zlib
from binascii import b2a_base64
from hashlib import sha256

import msgspec

from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError
from fieldpost.device.files import Moved, nobody
from fieldpost.device.shapes import Whole

PIECE_BYTES = 4_096
_ERASED_AT_ONCE = 32_768
_HASH_S = 60
_WINDOW_BITS = 9
_RESULT = msgspec.json.Decoder(Whole)

_ON_BOARD = """
import vfs, hashlib
from binascii import hexlify as _fp_hex, a2b_base64 as _fp_b
from io import BytesIO as _fp_io
from deflate import DeflateIO as _fp_d, RAW as _fp_raw
def _fp_rom_hash(n, size):
    h = hashlib.sha256()
    m = vfs.rom_ioctl(2, n)
    for i in range(0, size, 4096):
        h.update(m[i:min(i + 4096, size)])
    return _fp_hex(h.digest()).decode()
def _fp_rom_piece(n, at, packed):
    r = vfs.rom_ioctl(4, n, at, _fp_d(_fp_io(_fp_b(packed)), _fp_raw, 9).read())
    if r < 0:
        raise OSError(-r)
"""


class Rom:
    """One partition. All raise DeviceError."""

    def __init__(self, cable: Cable, partition: int) -> None:
        self._cable = cable
        self._partition = partition
        cable.run(_ON_BOARD)

    def holds(self, image: bytes) -> bool:
        said = self._cable.run(f"print(_fp_rom_hash({self._partition}, {len(image)}))", _HASH_S)
        return said.strip() == sha256(image).hexdigest()

    def write(self, image: bytes, moved: Moved = nobody) -> None:
        """The partition must have the room. Its first piece goes last, so that a cut leaves nothing to mount."""
        self._cable.run("try:\n    vfs.umount('/rom')\nexcept OSError:\n    pass")
        for begin in range(0, len(image), _ERASED_AT_ONCE):
            self._erase(begin, min(_ERASED_AT_ONCE, len(image) - begin))
        begins = range(0, len(image), PIECE_BYTES)
        for begin in [*begins[1:], 0]:
            piece = image[begin : begin + PIECE_BYTES].ljust(PIECE_BYTES, b"\0")
            self._cable.run(f"_fp_rom_piece({self._partition}, {begin}, {_packed(piece)!r})")
            moved(min(PIECE_BYTES, len(image) - begin))
        self._cable.run(f"vfs.rom_ioctl(5, {self._partition})")
        if not self.holds(image):
            raise DeviceError(
                f"{self._cable.path}: ROM partition {self._partition} does not hold what was written to it;"
                " run the command again, and look whether its flash is failing"
            )

    def _erase(self, begin: int, size: int) -> None:
        block = f"vfs.rom_ioctl(6, {self._partition})"
        whole = f"-(-{size} // ({block})) * ({block})"
        done = self._cable.value(f"vfs.rom_ioctl(3, {self._partition}, {begin}, {whole})", _RESULT.decode)
        if done < 0:
            raise DeviceError(
                f"{self._cable.path}: ROM partition {self._partition} cannot be erased (error {-done});"
                " flash a runtime whose ROM partitions can be written"
            )


def _packed(piece: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-_WINDOW_BITS)
    return b2a_base64(packer.compress(piece) + packer.flush(), newline=False)
