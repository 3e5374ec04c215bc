"""The one error of a file that does not belong on a board."""

from fieldpost.device.errors import DeviceError


class WrongFile(DeviceError):
    """Says what the file is, and what is expected."""
