"""The radio that a configuration asks for, on the board there is.

Decides nothing: puts a modem, its terms and its airtime together. Refuses what the board cannot do, by the file's key.
"""

from fieldagent.airtime import Airtime
from fieldagent.drivers.radio import RadioLink
from fieldagent.settings import ConfigError, LoraRadio
from fieldwire import cbor, link_terms, session_frames
from fieldwire.errors import WireError

_LEVEL = "state/airtime"
_POLL_BYTES = 3


def open_radio(board, files, wanted):
    """RadioLink of a LoraRadio or an EspNowRadio. ConfigError where the board or the band does not allow it."""
    if isinstance(wanted, LoraRadio):
        return _lora(board, files, wanted)
    from fieldagent.drivers.espnow_modem import EspNowModem

    make = _of_board(board, "espnow")
    return RadioLink(link_terms.EspNow(), _started(lambda: EspNowModem(make(), wanted.peer)))


def _lora(board, files, wanted):
    from fieldagent.drivers import lora_modem

    terms = link_terms.lora(wanted.factor, wanted.bandwidth_khz * 1_000)
    reserve_us = terms.wire_us(_POLL_BYTES) + terms.wire_us(session_frames.HAVE_BYTES)
    longest_us = terms.wire_us(terms.frame_max)

    def keep(level_us):
        files.replace(_LEVEL, [cbor.encode(level_us)])

    try:
        airtime = Airtime(wanted.duty_ppm, longest_us, reserve_us, _level_us(files), keep)
    except ValueError as error:
        raise ConfigError("radio: %s" % error)
    cfg = lora_modem.settings(wanted.channel_khz, terms, wanted.power_dbm)
    make = _of_board(board, "lora")
    return RadioLink(terms, _started(lambda: lora_modem.LoraModem(make(cfg))), airtime)


def _started(make):
    """What the board makes; of a modem that does not answer, or cannot do as it is told, the words that it raises."""
    try:
        return make()
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            "radio: the modem does not start (%s); check its wiring, and the keys below radio" % error
        )


def _of_board(board, kind):
    found = getattr(board, kind, None)
    if found is None:
        raise ConfigError('radio.kind: this board has no "%s"; its board.py makes one' % kind)
    return found


def _level_us(files):
    """What was left of the airtime when it was last written down; nothing where that is damaged."""
    files.folder("state")
    data = files.read(_LEVEL)
    if data is None:
        return None
    try:
        level_us = cbor.decode(data)
    except WireError:
        level_us = 0
    return level_us if isinstance(level_us, int) and level_us >= 0 else 0
