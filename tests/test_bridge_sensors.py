"""A BME280, a GNSS receiver and a person's own sensor on an emulated board: what they read, signed, at the bridge."""

import asyncio
import json
import time
from pathlib import Path

from fake_parts import recorded
from field_world import field, said, until
from gnss_sentences import gga, rmc

from fieldpost.claims import fields_claimed
from fieldpost.emulator import BoardSpec
from fieldwire import observation as obs
from fieldwire import schema

PARTS = recorded("bme280")
EXAMPLE = Path(__file__).parent.parent / "firmware" / "examples" / "sensors.py"
PLACE = schema.encode("place", [["place", schema.POSITION, "", 0]])
BOX = schema.encode("box", [["temperature", 0, "Cel", -3], ["memory", 0, "B", 0]])
AIR = [["temperature", "Cel", -2], ["pressure", "Pa", 0], ["humidity", "%RH", -2]]
SECONDS = 90
LINKS = '\n[[link]]\nport = "../boards/a.uart"\n'


def registers(row):
    blocks = {"88": row["low"], "e1": row["high"], "e8": row["crc"], "d0": "60", "f7": row["data"]}
    return ",".join(f"{at}={text}" for at, text in blocks.items())


def sentences(first_s):
    """What a receiver sends in each second from `first_s` on; it finds its place after two of them."""
    found = []
    for at_s in range(int(first_s), int(first_s) + SECONDS):
        then = time.gmtime(at_s)
        clock, date = time.strftime("%H%M%S.00", then), time.strftime("%d%m%y", then)
        void = len(found) < 2
        state = {"state": "V", "mode": "N"} if void else {}
        found.append(rmc(clock, date=date, **state) + gga(clock, quality="0" if void else "1"))
    return found


def observed(sensor, form, period_ms):
    return {"sensor": sensor, "subject": f"river/{sensor}", "period_ms": period_ms, **form}


def board():
    wanted = {
        "bme280": {"address": 118},
        "gnss": {"baud": 9600},
        "utc": True,
        "observe": [
            observed("bme280", {"senml": AIR}, 300),
            observed("gnss", {"schema": schema.digest(PLACE).hex()}, 500),
            observed("box", {"schema": schema.digest(BOX).hex()}, 1_000),
        ],
        "seal": {"count": 16, "age_ms": 1_000},
        "status_ms": 200,
    }
    files = {f"/schemas/{schema.digest(one).hex()}.cbor": one for one in (PLACE, BOX)}
    files |= {"/config.json": json.dumps(wanted).encode(), "/sensors.py": EXAMPLE.read_bytes()}
    first, second, asleep, third = (registers(PARTS[row]) for row in (1, 2, 4, 0))
    lines = [
        first,
        first,
        None,
        second,
        None,
        asleep,
        None,
        third,
    ]  # a part that is pulled, and another put in
    sensors = {"bme280": lines, "gnss": sentences(time.time())}
    return BoardSpec("a", "hill", sensors=sensors, files=files, die_mc=21_500)


def entries(app, sensor):
    held = [
        one for one in app.desk.state.entries.values() if one.observation[obs.SUBJECT] == f"river/{sensor}"
    ]
    return sorted(held, key=lambda one: obs.position(one.observation))


def claimed(app, sensor):
    return [fields_claimed(app.desk.state.trust, one) for one in entries(app, sensor)]


def test_what_parts_and_a_persons_own_sensor_read_comes_signed_to_the_bridge(tmp_path):
    async def story():
        async with field(tmp_path, [board()], LINKS, schemas=(PLACE, BOX)) as (fleet, app, _):
            fleet["a"].plug()

            def enough():
                few = len(entries(app, "gnss")) < 4 or not entries(app, "box")
                return not few and any(one.observation[obs.TREF][2:] for one in entries(app, "gnss"))

            await until(fleet, "positions and their UTC are there", enough)
            air = [
                [(name, value, unit, scale) for name, _, value, unit, scale in one]
                for one in claimed(app, "bme280")
            ]
            warm, cool, example = (PARTS[row]["readings"] for row in (1, 2, 0))
            names = [("temperature", "Cel", -2), ("pressure", "Pa", 0), ("humidity", "%RH", -2)]
            assert air == [
                [
                    (name, value, unit, scale)
                    for (name, unit, scale), value in zip(names, values)
                    if value is not None
                ]
                for values in (warm, warm, cool, example)
            ]
            assert all(one == [("place", schema.POSITION, [472852395, 85652537, 10_100], "", 0)]
                       for one in claimed(app, "gnss"))  # fmt: skip
            told = [
                (one.observation[obs.TREF], obs.utc_of(one.observation[obs.TREF]))
                for one in entries(app, "gnss")
            ]
            offsets = [utc[0] - tref[1] for tref, utc in told if utc]
            assert offsets and max(offsets) - min(offsets) <= 700
            assert {utc[1] for _, utc in told if utc} == {1_500}
            assert claimed(app, "box")[0][0] == ("temperature", 0, 21_500, "Cel", -3)
            console = fleet["a"].console.read_text()
            assert "sensor bme280 " in console
            status = said(fleet["a"])
            assert status["failures"]["sensor"] >= 1 and status["utc_faults"] == 0

    asyncio.run(story())
