"""Who plays: the boards of `fleet.toml`, what their meshes hold of each other, and the terms both sides agreed.

Decides the story's facts and nothing of its outcome. Readings are recorded ones; see the emulator's
`data/SOURCE.md`.
"""

from pathlib import Path

from fieldpost.emulator.fleet_file import BoardTable, FleetFile, load

FLEET = Path(__file__).with_name("fleet.toml")
GATEWAY = "gw"
# (mesh, who states it, foreign mesh, its authority, as which of ours, subjects): bravo maps more than alpha does.
EQUIVALENCES = (
    ("bravo", "survey", "alpha", "field/air", "survey/guest", ("harbor", "ridge")),
    ("bravo", "survey", "alpha", "field/camp", "survey/guest", ("camp", "harbor")),
    ("alpha", "field/air", "bravo", "survey/air", "field/air", ("harbor", "ridge")),
)
# (board, subject, how many of alpha's newest observations its bridge hands down)
DELIVERIES = (("b1", "harbor/air", 4), ("b2", "harbor/air", 4))


def fleet() -> FleetFile:
    """The boards, and what befalls them. Raises ConfigError."""
    return load(FLEET)


def channel(board: BoardTable) -> tuple[int, int, int] | None:
    """(kHz, spreading factor, bandwidth in kHz) of a board that drains over LoRa; None: by its cable."""
    radio = (board.config or {}).get("radio")
    return None if radio is None else (radio["channel_khz"], radio["factor"], radio["bandwidth_khz"])


def agreement(meshes: dict[str, str], devices: dict[str, str]) -> str:
    """The terms, as both sides would read them aloud; ids are hex."""
    return f'''# What alpha and bravo agreed before they were apart.
version = 1

[parties]
alpha = "{meshes["alpha"]}"
bravo = "{meshes["bravo"]}"

[time]
interval = "resilient"
k = 1
anchors = [["{devices["a1"]}", "{devices["b1"]}"], ["{devices["a2"]}", "{devices["b2"]}"]]

[[scope]]
subject = "harbor"
direction = "both"
tolerances = {{ pressure = 2 }}
gate = {{ subjects_touched = 3, forks = 0 }}

[[scope]]
subject = "ridge"
direction = "both"
tolerances = {{ temp = 100 }}
gate = {{ conflict_ratio = 100, forks = 0 }}

[[scope]]
subject = "pier"
direction = "bravo -> alpha"
gate = {{ forks = 0 }}

[[scope]]
subject = "camp"
direction = "alpha -> bravo"
gate = {{ forks = 0 }}

[[chain]]
function = "composite"
terms = {{ attestation_grade = 10, lineage_completeness = 5, corroboration = 8 }}
corroborators = ["alpha:field", "bravo:survey"]

[[chain]]
function = "authority-weight"

[weights]
"alpha:field" = 3
"alpha:command" = 10
"bravo:survey" = 2
"bravo:ops" = 10

[merge]
quorum = 2
authorities = ["alpha:command", "bravo:ops"]
'''
