"""What a configuration names and is not there, each with its remedy.

Shell. Decides what a bridge cannot go without, and what it can wait for. Refuses to open anything: whether a key
is a key and a token holds is found out at the start.
"""

from pathlib import Path

from fieldpost.config import Config

MAKE = "make it with `fieldpost mesh bridge`"
AGREE = "have the meshes sign one, and lay it there; until then nothing crosses"
PLUG = "plug it in, or mend the port; it is looked for until it is there"


def missing(config: Config, folder: Path) -> list[tuple[str, str]]:
    """(what, remedy) of key and tokens that are absent. `folder`: where the configuration's paths start."""
    table = config.bridge
    key, tokens = folder / table.key, folder / table.tokens
    found = [] if key.is_file() else [(f"{key}: no such key", MAKE)]
    if not tokens.is_dir():
        found.append((f"{tokens}: no such folder of tokens", MAKE))
    elif not any(tokens.glob("*.cwt")):
        found.append((f"{tokens}: no token lies there", MAKE))
    return found


def awaited(config: Config, folder: Path) -> list[tuple[str, str]]:
    """(what, remedy) of an agreement and of each serial port that is not there yet."""
    proof = folder / config.bridge.agreement
    found = [] if proof.is_file() else [(f"{proof}: no such agreement", AGREE)]
    ports = [folder / one.port for one in config.link if one.kind != "tcp"]
    return found + [(f"{port}: no such port", PLUG) for port in ports if not port.exists()]
