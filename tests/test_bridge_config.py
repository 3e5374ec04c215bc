"""A bridge's configuration is right as a whole, or the mistake is named by file, line, key and expectation."""

import pytest

from fieldpost.bridge_text import BridgeSetup, bridge_toml
from fieldpost.config import ConfigError, load
from fieldwire import keys

ROOT, PEER = bytes(31) + b"\x01", bytes(31) + b"\x02"
MESH = keys.thumbprint(ROOT)
SETUP = BridgeSetup(
    'east "one"',
    (PEER,),
    (("/dev/ttyACM0", 9600), ("../a1.uart", 115200)),
    listen="unix:boundary.sock",
    dial="tcp:127.0.0.1:7711",
    deliver=(("0b" * 16, "harbor/air", 2),),
)
TEXT = bridge_toml("alpha", (MESH, ROOT), SETUP)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "bridge.toml"

    def write(text):
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_new_bridges_text_is_a_sound_configuration_and_says_what_was_set_up(written):
    config = load(written(TEXT))
    assert config.bridge.name == 'east "one"' and config.bridge.mesh == MESH.hex()
    assert config.bridge.roots == [ROOT.hex(), PEER.hex()]
    assert [(one.port, one.baud) for one in config.link] == [("/dev/ttyACM0", 9600), ("../a1.uart", 115200)]
    assert (config.boundary.listen, config.boundary.dial) == ("unix:boundary.sock", "tcp:127.0.0.1:7711")
    assert [(one.device, one.subject, one.count) for one in config.deliver] == [("0b" * 16, "harbor/air", 2)]


def test_a_bridge_without_links_and_meetings_has_a_sound_text_too(written):
    config = load(written(bridge_toml("alpha", (MESH, ROOT), BridgeSetup("east"))))
    assert config.link == [] and config.boundary.listen is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("baud = 115200", "baud = 3", "link[1].baud: expected `int` >= 300"),
        ("baud = 115200", 'baud = "fast"', "link[1].baud: expected `int`, got `str`"),
        ("baud = 115200", "bauds = 115200", "link[1]: object contains unknown field `bauds`"),
        ('port = "../a1.uart"', "", "link[1]: object missing required field `port`"),
        (
            "baud = 115200",
            'kind = "lora"',
            "link[1].channel_khz: expected the key to be there, for a link of kind lora",
        ),
        (
            'port = "../a1.uart"',
            'kind = "tcp"\nport = "a1:ttyS0"',
            "link[1].port: expected PORT (on this machine) or HOST:PORT, a port being 1 to 65535",
        ),
        ("baud = 115200", "bandwidth_khz = 62", "link[1].bandwidth_khz: invalid enum value 62"),
        ('name = "east', 'name = "', "bridge.name: expected"),
        ("utc_claims = 2", "utc_claims = 0", "bridge.utc_claims: expected `int` >= 1"),
        (
            f'mesh = "{MESH.hex()}"',
            'mesh = "north"',
            "bridge.mesh: expected 64 lower-case hexadecimal digits",
        ),
        (MESH.hex(), keys.thumbprint(PEER[::-1]).hex(), "bridge.mesh: expected the thumbprint of one of"),
        (PEER.hex(), PEER.hex()[2:], "bridge.roots[1]: expected 64 lower-case hexadecimal digits"),
        (
            "tcp:127.0.0.1:7711",
            "http://x",
            "boundary.dial: expected unix:PATH, tcp:PORT (this machine), tcp:HOST:PORT",
        ),
        ("tcp:127.0.0.1:7711", "tcp:127.0.0.1:77110", "a socket's port is 1 to 65535"),
        ("tcp:127.0.0.1:7711", "tcp:0", "a socket's port is 1 to 65535"),
        ("tcp:127.0.0.1:7711", "serial:ttyS0@9600", "serial:PORT@BAUD, from 19200 baud"),
        ("meet_every_s = 10.0", "meet_every_s = inf", "boundary.meet_every_s: expected `float` <= 86400.0"),
        ("harbor/air", "harbor/*", "deliver[0].subject: expected a subject, without wildcards"),
        ("0b" * 16, "0b" * 15, "deliver[0].device: expected 32 lower-case hexadecimal digits"),
        ("[boundary]", "[boundary", "TOML: expected well-formed TOML"),
    ],
)
def test_a_corrupt_configuration_names_file_line_key_and_what_was_expected(written, old, new, said):
    text = TEXT.replace('name = "east \\"one\\""', 'name = "east"')
    new = new if old != 'name = "east' else 'name = "" #'
    assert text.count(old) >= 1, "the text has changed: the test would test nothing"
    corrupt = text.replace(old, new)
    path = written(corrupt)
    with pytest.raises(ConfigError) as caught:
        load(path)
    file, line, rest = str(caught.value).split(":", 2)
    assert file == str(path) and said in rest
    wrong_line = next(
        number for number, (a, b) in enumerate(zip(text.split("\n"), corrupt.split("\n")), 1) if a != b
    )
    assert abs(int(line) - wrong_line) <= 4, "the line leads to the table or the key itself"


def test_a_configuration_that_is_no_utf8_is_no_configuration(tmp_path):
    path = tmp_path / "bridge.toml"
    path.write_bytes(b'[bridge]\nname = "\xff"\n')
    with pytest.raises(UnicodeDecodeError):
        load(path)
