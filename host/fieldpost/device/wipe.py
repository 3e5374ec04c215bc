"""A device made bare again: its log, its identity and its configuration go, runtime and agent stay.

Decides the order, by which a cut leaves an enrolled device or a bare one. The log goes first, oldest sectors first:
what is left of it never leads the agent back to a seal that it has made, and with none it begins a new incarnation.
Then all of /state, with key and boot number in it, goes by one rename.
"""

from dataclasses import dataclass

import msgspec

from fieldpost.device.cable import Cable
from fieldpost.device.errors import DeviceError, RaisedOnBoard
from fieldpost.device.facts import BoardFacts, Enrolled, board_facts
from fieldpost.device.files import Files
from fieldpost.device.shapes import Count
from fieldpost.firmware_build import known_boards, load_profile

_STATE, _LOG, _CARRIED = "/state", "/log", "/carry"
_GONE = ".gone"
_CONFIG = "/config.json"
_ERASE_S = 120
_BLOCKS = msgspec.json.Decoder(tuple[Count, ...])

# The sector's number stands behind its four bytes of marker (firmware/JOURNAL.md); a block without one goes last.
_ON_BOARD = """
def _fp_ring():
    import sys
    for p in ({slots}):
        try:
            import pack
            pack.mount(p)
        except (ImportError, OSError):
            pass  # it holds nothing, or is mounted
    for p in ({places}):
        if p not in sys.path:
            sys.path.insert(0, p)
    import board
    found = board.journal_flash() if hasattr(board, 'journal_flash') else None
    return found and found[0]
def _fp_order(flash):
    rows = []
    b = bytearray(64)
    for n in range(flash.ioctl(4, 0)):
        flash.readblocks(n, b, 0)
        if b[:3] == b'FPJ':
            rows.append((0, int.from_bytes(b[4:8], 'big'), n))
        elif b != b'\\xff' * 64:
            rows.append((1, 0, n))
    return [row[2] for row in sorted(rows)]
"""


@dataclass(frozen=True, slots=True)
class Losses:
    """`log_bytes`, `carried_bytes`: of its own log, and of what it carries for others, in files.

    `ring`: blocks of a raw log that are not blank, in the order in which they go.
    """

    enrolled: Enrolled | None
    log_bytes: int
    carried_bytes: int
    ring: tuple[int, ...]
    config: bool
    leftovers: tuple[str, ...]

    @property
    def is_bare(self) -> bool:
        return not (
            self.enrolled
            or self.log_bytes
            or self.carried_bytes
            or self.ring
            or self.config
            or self.leftovers
        )


def look(cable: Cable) -> Losses:
    """What a wipe would take away. Raises DeviceError, where the board's log cannot be reached too."""
    facts, files = board_facts(cable), Files(cable)
    root = files.names("")
    return Losses(
        enrolled=facts.enrolled,
        log_bytes=sum(one.size for one in files.tree(_LOG).values()),
        carried_bytes=sum(one.size for one in files.tree(_CARRIED).values()),
        ring=_ring(cable, facts),
        config=_CONFIG[1:] in root,
        leftovers=tuple(f"/{name}" for name in sorted(root) if name == "state" or name.endswith(_GONE)),
    )


def wipe(cable: Cable, losses: Losses) -> None:
    """Raises DeviceError; run again it goes on where it was."""
    files = Files(cable)
    for block in losses.ring:
        cable.run(f"_fp_flash.ioctl(6, {block})", _ERASE_S)
    for folder in (_LOG, _CARRIED, _STATE):
        if folder[1:] in files.names(""):
            files.remove_folder(folder + _GONE)
            files.rename(folder, folder + _GONE)
    for folder in (_LOG, _CARRIED, _STATE):
        files.remove_folder(folder + _GONE)
    files.remove([_CONFIG])


def _ring(cable: Cable, facts: BoardFacts) -> tuple[int, ...]:
    """Blocks of the log's own partition; none on a board that has its log in files."""
    kinds = {one.board for one in facts.slots.values()}
    if not kinds and not facts.lib:
        return ()
    slots = "".join(f"{slot!r}, " for slot in facts.slots)
    places = "".join(f"{place!r}, " for place in ("/lib", "/rom/lib", *(f"/{slot}" for slot in facts.slots)))
    try:
        cable.run(_ON_BOARD.replace("{slots}", slots).replace("{places}", places))
        cable.run("_fp_flash = _fp_ring()")
        return cable.value("_fp_order(_fp_flash) if _fp_flash else []", _BLOCKS.decode)
    except RaisedOnBoard as error:
        with_ring = [one for one in kinds if one in known_boards() and load_profile(one).journal_bytes]
        if not with_ring:
            return ()
        raise DeviceError(
            f"{cable.path}: the log has a flash partition of its own, and the agent that knows where does not load"
            f" ({error.last}); install the agent again (`fieldpost device install`), then wipe"
        ) from None
