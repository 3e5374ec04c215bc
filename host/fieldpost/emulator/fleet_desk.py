"""The authorities of a fleet's meshes, for trying things out: their desks in the run's folder, and enrolment by cable.

Decides that a desk which is there stays, with its keys. Everything else goes the way that a person goes.
"""

import os
import time
from pathlib import Path

from fieldpost import provision
from fieldpost.emulator.fleet_file import BoardTable, EnrolTable, FleetFile
from fieldpost.emulator.fleet_plan import schemas
from fieldpost.mesh import Mesh, Validity

DAYS = 365


class Desks:
    """One desk a mesh, `FOLDER/NAME-desk`."""

    def __init__(self, plan: FleetFile, folder: Path) -> None:
        self.meshes: dict[str, Mesh] = {}
        self._plan = plan
        self._folder = folder

    def open(self) -> None:
        """Found each mesh of the file that has no desk yet."""
        for name, table in self._plan.mesh.items():
            folder = self._folder / f"{name}-desk"
            if folder.exists():
                self.meshes[name] = Mesh(folder)
                continue
            validity = Validity.days(int(time.time()), DAYS)
            self.meshes[name] = mesh = Mesh.found(folder, name, list(table.authorities), validity, os.urandom)
            for data in schemas(self._plan).values():
                mesh.schema(table.authorities[0], data)

    async def enrol(self, board: BoardTable, wanted: EnrolTable, port: Path) -> str:
        """The new device's id. Raises ProvisionError or PortError where it cannot be done."""
        terms = provision.DeviceTerms(
            wanted.authority,
            None if wanted.subjects is None else tuple(wanted.subjects),
            wanted.rights,
        )
        validity = Validity.days(int(time.time()), DAYS)
        made = await provision.enrol(self.meshes[board.mesh], port, terms, validity, os.urandom)
        return made.device.hex()
