"""The specification's tables are those of the code: types, labels, keys, frames, digests and codes."""

import re
from pathlib import Path

import spec_codes

from fieldagent import enrolment, handover, neighbours
from fieldpost import rotate
from fieldpost.codes import CODES
from fieldwire import (
    carry_frames,
    cose,
    error_numbers,
    error_table,
    limits,
    seal,
    session_burst,
    session_frames,
    tokens,
    transfer_head,
)
from fieldwire import observation as obs

ROOT = spec_codes.SPEC.parent.parent
SPEC = spec_codes.SPEC.read_text()
CODE = "\n".join(
    path.read_text()
    for part in ("shared", "firmware", "host")
    for path in sorted((ROOT / part).rglob("*.py"))
)


def between(begin: str, end: str) -> str:
    return SPEC.split(f"\n{begin} ", 1)[1].split(f"\n{end} ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """Cells of the Markdown tables in the text, without heads and rules."""
    found = re.findall(r"(?m)^\|(.*)\|$", text)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in found]
    rules = {index for index, row in enumerate(cells) if set(row[0]) == {"-"}}
    return [row for index, row in enumerate(cells) if index not in rules and index + 1 not in rules]


def test_every_type_of_signed_object_is_the_codes():
    names = {
        "early copy": cose.EARLY,
        "seal": cose.SEAL,
        "authority credential": cose.CREDENTIAL,
        "endorsement": cose.ENDORSEMENT,
        "boot attestation": cose.BOOT,
        "equivalence": cose.EQUIVALENCE,
        "revocation": cose.REVOCATION,
        "rotation": cose.ROTATION,
        "schema": cose.SCHEMA,
        "agreement": cose.AGREEMENT,
        "boundary handshake": cose.HANDSHAKE,
        "epoch": cose.EPOCH,
        "checkpoint": cose.CHECKPOINT,
        "divergence report": cose.REPORT,
        "vote over a merge plan": cose.MERGE_PLAN,
    }
    assert {name: int(typ) for typ, name, _ in rows(between("4.4", "4.5"))} == names


def test_every_private_label_is_the_codes():
    ours = {seal.BODY} | {
        value for value in vars(tokens).values() if isinstance(value, int) and value < -65536
    }
    assert {int(row[0]) for row in rows(between("4.5", "4.6"))} == ours
    token = {
        name: getattr(tokens, name) for name in ("MESH", "ISSUER", "CLOCK", "FOREIGN", "NEGATIVE", "STAYING")
    }
    assert list(token.values()) == [-65701, -65706, -65708, -65711, -65714, -65723]


def test_every_digest_label_of_the_code_stands_in_the_table_and_no_other_does():
    stated = set(re.findall(r"`([a-z]+(?:/[a-z]+)?/1)`", between("4.6", "## 5.")))
    used = set(
        re.findall(
            r"b\"((?:fieldpost/[a-z]+|salt|custody|reject|session|item|rotate|rotated|prompt)/1)\"", CODE
        )
    )
    assert stated == used


def test_every_key_of_an_observation_is_the_codes():
    stated = {int(key): name for key, name, _ in rows(between("5.1", "5.2"))}
    names = {
        obs.DEVICE: "device",
        obs.INCARNATION: "incarnation",
        obs.STREAM: "stream",
        obs.SEQ: "seq",
        obs.TREF: "tref",
        obs.FORMAT: "content format",
        obs.SUBJECT: "subject",
        obs.PAYLOAD: "payload",
        obs.CREDENTIAL: "credential id",
        obs.BOOT_ATTESTATION: "boot attestation id",
        obs.SOURCES: "sources",
        obs.DERIVATION: "derivation",
        obs.SALT: "salt",
    }
    assert stated == names


def test_every_content_format_is_the_codes():
    stated = {int(row[0]) for row in rows(between("5.4", "5.5"))}
    assert stated == {112, obs.GAP_FORMAT, obs.TIME_FORMAT}


def test_every_session_frame_has_its_type_and_says_whether_it_is_tagged():
    stated = rows(between("8.2", "8.3"))
    assert {row[1]: int(row[0], 16) for row in stated} == session_frames.TYPE
    assert {row[1] for row in stated if row[3] == "no"} | {"DATA"} == set(session_frames.UNTAGGED)


def test_the_numbers_of_the_transfer_are_the_codes():
    text = " ".join(between("8.9", "## 9.").split())
    for words in (
        f"one stream of {transfer_head.TILE}-byte",
        f"[:{transfer_head.PROOF}]",
        f"modulo {transfer_head.SPAN}",
        f"at most {transfer_head.WINDOW:,} tiles",
        f"in units of {session_frames.UNIT} bytes",
        f"A HAVE without a gap has {session_frames.HAVE_BYTES} bytes",
        f"the last three frames of a burst count {session_frames.COUNTDOWN_MAX}, 2, 1",
        f"at most {session_burst._FRAMES_MAX} frames",
    ):
        assert words in text, words
    kinds = re.findall(r"(\d) (token|segment|early copy|packed segment|carried segment)", text)
    assert [int(number) for number, _ in kinds] == [
        transfer_head.TOKEN,
        transfer_head.SEGMENT,
        transfer_head.EARLY,
        transfer_head.PACKED,
        transfer_head.CARRIED,
    ]


def test_every_frame_of_the_local_link_has_its_type():
    stated = {row[1]: int(row[0], 16) for row in rows(between("8.6", "8.7"))}
    assert stated == {name: getattr(neighbours, name) for name in stated} and len(stated) == 5


def test_every_frame_of_carrying_has_its_type():
    stated = {row[1]: int(row[0], 16) for row in rows(between("8.11", "## 9."))}
    assert stated == {name: getattr(carry_frames, name) for name in stated} and len(stated) == 6
    assert f"at most {carry_frames.PARTS_MAX} PARTs" in between("8.11", "## 9.")


def test_the_frames_of_enrolment_are_the_devices():
    stated = [int(number, 16) for number in re.findall(r"`0x(2\d) ENROL", between("8.7", "8.8"))]
    assert stated == [enrolment.START, enrolment.REQUEST, enrolment.ENROL, enrolment.ENROLLED]


def test_the_order_for_the_prompt_is_the_devices_and_the_hosts():
    [stated] = re.findall(r"`0x(2\d) PROMPT", between("8.7", "8.8"))
    frame = rotate.prompt_order(bytes(32), bytes(16), bytes(32))
    assert frame[0] == rotate.PROMPT == int(stated, 16)


def test_the_frames_of_rotation_are_the_devices_and_the_hosts():
    names = {row[1]: int(row[0], 16) for row in rows(between("8.7", "8.8"))}
    for side in (handover, rotate):
        assert names == {
            "ROTATE-START": side.START,
            "ROTATE-REQUEST": side.REQUEST,
            "ROTATE": side.ROTATE,
            "ROTATED": side.ROTATED,
            "ROTATE-REFUSED": side.REFUSED,
        }


def test_the_table_of_codes_is_made_from_the_code():
    assert spec_codes.filled(SPEC) == SPEC, "remedy: python tests/spec_codes.py"


def test_every_code_has_a_number_of_its_own_a_meaning_and_a_remedy():
    numbers = list(error_numbers.NUMBER.values()) + [number for number, _, _ in CODES.values()]
    assert len(set(numbers)) == len(numbers) and not set(error_numbers.NUMBER) & set(CODES)
    assert max(error_numbers.NUMBER.values()) < 100 <= min(number for number, _, _ in CODES.values())
    assert set(error_table.MEANING) == set(error_numbers.NUMBER)


def test_every_code_that_the_code_raises_has_a_row():
    raised = set(re.findall(r"\bWireError\(\s*\"([a-z0-9-]+)\"", CODE))
    raised |= set(re.findall(r"\b(?:refuse|Refusal)\(\s*\"([a-z0-9-]+)\"", CODE))
    assert raised <= set(error_numbers.NUMBER) | set(CODES)


def test_every_wire_code_is_raised_somewhere():
    assert not [code for code in error_numbers.NUMBER if CODE.count(f'"{code}"') < 3]


def test_every_limit_of_the_specification_is_the_codes():
    stated = {row[0]: int(row[1]) for row in rows(between("## 2.", "## 3."))}
    assert stated == {name: value for name, value in vars(limits).items() if name.isupper()}


def test_every_limit_has_its_reason_above_it():
    lines = Path(limits.__file__).read_text().splitlines()
    for index, line in enumerate(lines):
        if re.match(r"[A-Z_]+ = ", line):
            assert lines[index - 1], f"{line}: say why"
