"""Frozen into the runtime in place of the port's own: the file system takes the front of the flash, the log the rest.

Decides that what is no file system is formatted, as the port's does. The board's log needs no file system.
"""

import rp2
import vfs

FILES_BYTES = 1048576

_flash = rp2.Flash(start=0, len=FILES_BYTES)
try:
    _files = vfs.VfsLfs2(_flash, progsize=256)
except OSError:
    vfs.VfsLfs2.mkfs(_flash, progsize=256)
    _files = vfs.VfsLfs2(_flash, progsize=256)
vfs.mount(_files, "/")
