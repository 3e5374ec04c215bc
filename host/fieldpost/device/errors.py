"""What can go wrong with a board on a cable. Each message names the port or the thing, the cause and the remedy."""


class DeviceError(Exception):
    """The board cannot be had, or cannot do what was asked; the message is for a person."""


class Unplugged(DeviceError):
    """The port went away under an open cable."""


class NoPrompt(DeviceError):
    """The port can be had, and nobody on it gives a prompt."""


class RaisedOnBoard(DeviceError):
    """What ran on the board ended in an exception; `last` is its traceback's last line."""

    def __init__(self, message: str, last: str) -> None:
        super().__init__(message)
        self.last = last


class Refused(DeviceError):
    """It could be done, and is not without a word that it is meant; the message names the option."""
