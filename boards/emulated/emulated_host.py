"""What lies on the host beside a board: its configuration, its sensors' records, a partition's content.

Decides that no program of the board sees these as files: a real board has no such folder.
"""

import vfs

_folder = []


def begin(directory):
    _folder.append(vfs.VfsPosix(directory))


def open(path, mode="r"):
    return _folder[0].open("/" + path, mode)


def list(path):
    """As os.ilistdir."""
    return _folder[0].ilistdir("/" + path)


def size(path):
    """In bytes; None where there is no such file."""
    try:
        return _folder[0].stat("/" + path)[6]
    except OSError:
        return None
