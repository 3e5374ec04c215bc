"""Asks the independent verifiers, which live in an environment of their own because they hold cbor2 below 6.

python-cwt answers for COSE_Sign1 messages and tokens, scitt-cose for RFC 9942 receipts, cryptography for X.509. Keys
go in as COSE_Key bytes.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"


def ask(script: str, files: list[Path]) -> list[dict]:
    """One dict for each thing asked about; `valid` says whether it verified."""
    return ask_names(script, [str(one) for one in files])


def ask_names(script: str, names: list[str]) -> list[dict]:
    """The same for things that the verifier finds by their names."""
    assert PYTHON.exists(), "the verifiers are not installed; run: make setup"
    command = [str(PYTHON), str(ROOT / "tests" / "oracles" / script), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (0 if all(answer["valid"] for answer in answers) else 1), done.stdout
    return answers


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def ask_cwt(folder: Path, key: bytes, *messages: bytes) -> list[dict]:
    """python-cwt on COSE_Sign1 messages under one COSE_Key."""
    files = [written(folder, f"{n}.cose", message) for n, message in enumerate(messages)]
    return ask("verify_cwt.py", [written(folder, "key.cosekey", key), *files])


def ask_receipt(folder: Path, key: bytes, *receipts: tuple[bytes, bytes]) -> list[dict]:
    """scitt-cose on (receipt, leaf bytes) pairs under one COSE_Key."""
    files = []
    for n, (receipt, leaf) in enumerate(receipts):
        files.append(written(folder, f"{n}.receipt", receipt))
        files.append(written(folder, f"{n}.leaf", leaf))
    return ask("verify_receipt.py", [written(folder, "key.cosekey", key), *files])
