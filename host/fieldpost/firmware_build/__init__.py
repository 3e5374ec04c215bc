"""What lies on a board: its profile, its sources, and the build that makes the ones fit for the other.

`load_profile` reads `boards/<kind>/board.toml`; `device_files` are the sources that the board needs; `compiled` are the
same for its architecture.
"""

from fieldpost.firmware_build.compiling import compiled
from fieldpost.firmware_build.errors import BuildError
from fieldpost.firmware_build.profile import BoardProfile, Wire
from fieldpost.firmware_build.sources import device_files, known_boards, load_profile

__all__ = [
    "BoardProfile",
    "BuildError",
    "Wire",
    "compiled",
    "device_files",
    "known_boards",
    "load_profile",
]
