"""A device's configuration judged on the host by the device's own code, before it goes over the cable.

Decides nothing itself: the agent's `config` module does, in a process of its own.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fieldpost.device.errors import DeviceError
from fieldpost.firmware_build.sources import firmware_folder

_JUDGE = """
import sys
from fieldagent import config
from fieldagent.journal_files import Files
from fieldagent.settings import ConfigError
files = Files(sys.argv[1])
try:
    if not config.is_gateway(files):
        config.load(files)
except ConfigError as error:
    sys.exit(str(error))
"""


def check_config(source: Path, data: bytes, schemas: Mapping[str, bytes]) -> None:
    """`schemas`: those that will lie in /schemas, file name -> bytes. Raises DeviceError naming key and expectation."""
    with tempfile.TemporaryDirectory(prefix="fieldpost-config-") as place:
        Path(place, "schemas").mkdir()
        Path(place, "config.json").write_bytes(data)
        for name, content in schemas.items():
            Path(place, "schemas", name).write_bytes(content)
        paths = os.pathsep.join([str(firmware_folder()), *sys.path])
        judged = subprocess.run(
            [sys.executable, "-c", _JUDGE, place],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
    if judged.returncode != 0:
        said = (judged.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise DeviceError(f"{source}: no device takes it: {said}; correct it (firmware/CONFIG.md)")
