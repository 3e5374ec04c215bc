"""What the admission stage costs an observation, over raw verifies by libsodium: decode, verify, grade, judge."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from nacl import bindings

from fieldpost.bench.bridge.fleet import LEAVES, Fleet, encode
from fieldpost.bench.line import Line
from fieldpost.bench.rates import measured_rates
from fieldpost.model import Input, Refusal
from fieldpost.pipeline import Bridge
from fieldpost.sitting import Sitting
from fieldpost.verify import open_early, open_segment
from fieldwire import cbor, keys
from fieldwire import observation as obs

DEVICES = 16
ORACLE, SCRIPT = Path(".venv-oracle/bin/python"), Path("tests/oracles/rate_cwt.py")
UNIT = "ratio"


def lines(seed: int) -> Iterator[Line]:
    fleet = Fleet(DEVICES, seed)
    segments = list(fleet.segments(DEVICES * LEAVES))
    copies = [
        obs.early_copy(encode(one.observed(obs.URGENT, n, 90_000, subject="water/s0")), one.signer)
        for one in fleet.devices
        for n in range(4)
    ]
    bridge = Bridge()
    given = [*fleet.inputs(), *(("segment", one) for one in segments), *(("early", one) for one in copies)]
    for number, (kind, data) in enumerate([*given, ("solve", b"")], 1):
        bridge.apply(Input(number, kind, (1, number), data))
    state, sitting = bridge.state, Sitting(bridge.state)  # as the bridge judges what came together
    attached = fleet.gateway.signer.sign(copies[0]) + copies[0]
    raw: dict[str, Callable[[], object]] = {
        "PyNaCl": lambda: bindings.crypto_sign_open(attached, fleet.gateway.signer.public)
    }

    def admitting(opened: Callable, data: Iterator[bytes]) -> Callable[[], None]:
        def admit() -> None:
            found = opened(next(data), state.trust)
            if isinstance(found, Refusal):
                raise ValueError(f"the fleet is refused: {found.code}")
            for entry in found:
                if sitting.judge(entry).code != "admitted":
                    raise ValueError("an observation of the fleet is not admitted")

        return admit

    single = {"single": admitting(open_early, cycle(copies))}
    sealed = {"sealed": admitting(open_segment, cycle(segments))}
    rates = measured_rates(single | sealed | raw)
    per_s = {"single/s": rates.per_s["single"], "sealed/s": LEAVES * rates.per_s["sealed"]}
    per_s["PyNaCl/s"] = rates.per_s["PyNaCl"]
    other = python_cwt(cbor.encode(keys.cose_key(fleet.devices[0].signer.public)), copies[0])
    per_s |= {} if other is None else {"python-cwt/s": other}
    for name, goal in (("single", 0.7), ("sealed", 2.5)):
        value = per_s[f"{name}/s"] / per_s["PyNaCl/s"]
        where = f"bridge/admit_{name}_over_pynacl"
        yield Line(where, value, UNIT, "higher", rates.calls, seed, rates.seconds, goal, per_s)


def python_cwt(key: bytes, message: bytes) -> float | None:
    """Messages a CPU-second that python-cwt only verifies; None where its environment is not beside us."""
    if not ORACLE.is_file() or not SCRIPT.is_file():
        return None
    with tempfile.TemporaryDirectory(prefix="fieldpost-bench-") as folder:
        files = [Path(folder, name) for name in ("key", "message")]
        for file, data in zip(files, (key, message), strict=True):
            file.write_bytes(data)
        command = [str(ORACLE), str(SCRIPT), *map(str, files)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
