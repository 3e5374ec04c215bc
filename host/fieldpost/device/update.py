"""An update of a board's agent: what is refused, what of an installation it carries out, what the board will attest.

Decides from values alone: what lies on the board, and what an installation would do. It refuses to touch what chooses
the slot. firmware/UPDATE.md, SPEC 7.3
"""

from collections.abc import Mapping
from dataclasses import replace

from fieldpost.device.install import Installation
from fieldpost.device.plan import plan
from fieldpost.firmware_build.build import ROM, Build, digests
from fieldpost.firmware_build.module_pack import PACK
from fieldpost.firmware_build.profile import BoardProfile
from fieldwire import token_writer

# What is measured beside the slots, with the programs at the root.
FOLDERS = ("lib", "fieldagent", "fieldwire")
PROGRAMS = (".py", ".mpy")


def of_agent(found: Installation) -> Installation:
    """The part of an installation that an update carries out: the slot alone. What chooses the slot stays."""
    return replace(found, start=plan({}, {}), files={})


def misplaced(found: Installation, profile: BoardProfile) -> str | None:
    """Why this board takes no update, with the remedy; None where it does."""
    if profile.modules == "frozen":
        return (
            "its agent is frozen in the runtime; make a runtime from the build's manifest.py and flash that"
            " (`fieldpost device flash`)"
        )
    if found.slot.remove:
        return "what starts it is older than slots of one file; run `fieldpost device install`"
    if found.facts.lib and not found.facts.slots:
        return (
            "its agent lies in /lib, where no update survives a power cut; run `fieldpost device install`,"
            " which uses a slot, and empty /lib"
        )
    if found.record.slot not in found.facts.slots:
        return "there is no agent on it to update; run `fieldpost device install`"
    return None


def measurement(outside: Mapping[str, bytes], build: Build) -> bytes:
    """What the board will attest once the build runs. `outside`: digests of what is measured beside the slots."""
    modules = {name: data for name, data in build.files.items() if name.startswith((PACK, ROM))}
    return token_writer.measurement({**outside, **digests(modules)}.items())
