"""Who plays: two meshes, their authorities, six boards with what they sense, and the terms both sides agreed.

Decides the story's facts and nothing of its outcome. Readings are recorded ones; see the emulator's
`data/SOURCE.md`.
"""

import json
from dataclasses import dataclass

from fieldpost.emulator import BoardSpec, UtcReceiver, load_readings
from fieldwire import schema

HOURS = 24  # one recorded day, two readings a second
PERIOD_MS = 500
HEAP_BYTES = 311_296  # on 64 bits: 190 KB of a 32-bit board
BAROMETER = schema.encode("barometer", [["pressure", schema.INTEGER, "hPa", -1]])
THERMOMETER = schema.encode("thermometer", [["temp", schema.INTEGER, "degF", -2]])
CHANNEL = (869_525, 7, 250)  # kHz, spreading factor, kHz: a tenth of the time may be used there
AIR_LOSS = 0.05
GATEWAY = "gw"
MESHES = {
    "alpha": ("command", "field/air", "field/camp"),
    "bravo": ("ops", "survey", "survey/air", "survey/pier"),
}
# (mesh, who states it, foreign mesh, its authority, as which of ours, subjects): bravo maps more than alpha does.
EQUIVALENCES = (
    ("bravo", "survey", "alpha", "field/air", "survey/guest", ("harbor", "ridge")),
    ("bravo", "survey", "alpha", "field/camp", "survey/guest", ("camp", "harbor")),
    ("alpha", "field/air", "bravo", "survey/air", "field/air", ("harbor", "ridge")),
)
# (board, subject, how many of alpha's newest observations its bridge hands down)
DELIVERIES = (("b1", "harbor/air", 4), ("b2", "harbor/air", 4))


@dataclass(frozen=True)
class Part:
    """One board: its mesh and authority, clock error, what it may speak of, and its configuration."""

    name: str
    mesh: str
    authority: str
    drift_ppm: int
    subjects: tuple[str, ...]
    observe: tuple[dict, ...]
    sensors: dict[str, list[int | None]]
    derive: tuple[dict, ...] = ()
    utc: bool = False
    radio: bool = False  # drains over LoRa instead of a cable

    def spec(self) -> BoardSpec:
        """The emulated board, with configuration and schemas on its flash."""
        settings = {
            "observe": list(self.observe),
            "derive": list(self.derive),
            "neighbours": True,
            "utc": self.utc,
            "beacon_ms": 400,
            "exchange_ms": 600,
            "status_ms": 250,
            "seal": {"count": 16, "age_ms": 4000},
        }
        if self.radio:
            channel_khz, factor, bandwidth_khz = CHANNEL
            settings["radio"] = {
                "kind": "lora",
                "channel_khz": channel_khz,
                "factor": factor,
                "bandwidth_khz": bandwidth_khz,
            }
        files = {f"/schemas/{schema.digest(one).hex()}.cbor": one for one in (BAROMETER, THERMOMETER)}
        files["/config.json"] = json.dumps(settings).encode()
        receiver = UtcReceiver(uncertainty_ms=1000) if self.utc else None
        return BoardSpec(
            self.name, self.mesh, self.drift_ppm, self.sensors, receiver, heap_bytes=HEAP_BYTES, files=files
        )


def gateway() -> BoardSpec:
    """The board that lends bravo's bridge its radio."""
    settings = json.dumps({"gateway": True}).encode()
    return BoardSpec(GATEWAY, "bravo", heap_bytes=HEAP_BYTES, files={"/config.json": settings})


def _reading(sensor: str, subject: str, what: bytes, early: bool = False) -> dict:
    digest = schema.digest(what).hex()
    return {"sensor": sensor, "subject": subject, "schema": digest, "period_ms": PERIOD_MS, "early": early}


def _rule(function: str, prop: str, inputs: dict, result: str, what: bytes) -> dict:
    digest = schema.digest(what).hex()
    return {"function": function, "property": prop, "inputs": inputs, "subject": result, "schema": digest}


def _relay(function: str) -> dict:
    """Bravo's view of alpha's harbor, from its last four words, once they have been handed down."""
    inputs = {"subject": "harbor/air", "authority": "survey/guest", "count": 4}
    return _rule(function, "pressure", inputs, "harbor/relay", BAROMETER)


def _record(station: str, column: str) -> list[int | None]:
    return list(load_readings(station, column).values[:HOURS])


def parts() -> list[Part]:
    """The six boards."""
    return [*alpha("pressure", "temp"), *bravo("pressure", "temp")]


def alpha(pressure: str, temp: str) -> list[Part]:
    """a2 derives from a1 while no link is up; a3 loses its power meanwhile."""
    return [
        Part(
            "a1",
            "alpha",
            "field/air",
            48,
            ("harbor",),
            (_reading(pressure, "harbor/air", BAROMETER, early=True),),
            {pressure: _record("ewr", pressure)},
            utc=True,
        ),
        Part(
            "a2",
            "alpha",
            "field/air",
            -61,
            ("harbor", "ridge"),
            (_reading(temp, "ridge/air", THERMOMETER),),
            {temp: _record("ewr", temp)},
            (_rule("mean", pressure, {"subject": "harbor/air", "count": 4}, "harbor/mean", BAROMETER),),
        ),
        Part(
            "a3",
            "alpha",
            "field/camp",
            125,
            ("camp", "harbor"),
            (_reading(temp, "camp/air", THERMOMETER), _reading(pressure, "harbor/quay", BAROMETER)),
            {temp: _record("lga", temp), pressure: _record("ewr", pressure)},
        ),
    ]


def bravo(pressure: str, temp: str) -> list[Part]:
    """b1 and b2 derive from alpha's word after the crossing; b3 stands on the pier, out of any cable's reach."""
    return [
        Part(
            "b1",
            "bravo",
            "survey/air",
            -97,
            ("harbor",),
            (_reading(pressure, "harbor/air", BAROMETER, early=True),),
            {pressure: _record("jfk", pressure)},
            (_relay("max"),),
            utc=True,
        ),
        Part(
            "b2",
            "bravo",
            "survey/air",
            33,
            ("harbor", "ridge"),
            (_reading(temp, "ridge/air", THERMOMETER), _reading(pressure, "harbor/quay", BAROMETER)),
            {temp: _record("jfk", temp), pressure: _record("lga", pressure)},
            (_relay("min"),),
        ),
        Part(
            "b3",
            "bravo",
            "survey/pier",
            80,
            ("pier",),
            (_reading(pressure, "pier/air", BAROMETER),),
            {pressure: _record("lga", pressure)},
            radio=True,
        ),
    ]


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
