"""Reads paths of NIST's PKITS certificates with `cryptography`: `read_pkits.py NAME...`.

Prints one JSON line an end entity: the certificates from the one that the trust anchor signed down to it, each with
what RFC 5280 6.1 asks of it about policies. A path is found by names, and each signature on it is verified.
"""

import json
import sys
import warnings
from functools import cache
from importlib.resources import files
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ObjectIdentifier

CERTIFICATES = Path(str(files("cryptography_vectors"))) / "x509" / "PKITS_data" / "certs"
ANCHOR = "TrustAnchorRootCertificate"
POLICY_MAPPINGS = ObjectIdentifier("2.5.29.33")


@cache
def certificate(name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate((CERTIFICATES / f"{name}.crt").read_bytes())


@cache
def held() -> dict[x509.Name, list[x509.Certificate]]:
    """The certificates that can be read, by subject."""
    found: dict[x509.Name, list[x509.Certificate]] = {}
    for path in sorted(CERTIFICATES.glob("*.crt")):
        try:
            one = certificate(path.stem)
            found.setdefault(one.subject, []).append(one)
        except ValueError:  # some are malformed on purpose
            continue
    return found


def path_to(one: x509.Certificate, below: tuple[x509.Certificate, ...] = ()) -> list[x509.Certificate] | None:
    """The certificates under the anchor down to `one`; None when there is no such path."""
    path = (one, *below)
    if _signed(one, certificate(ANCHOR)):
        return list(path)
    for issuer in held().get(one.issuer, []):
        if issuer not in path and _signed(one, issuer):
            found = path_to(issuer, path)
            if found is not None:
                return found
    return None


def _signed(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def said(one: x509.Certificate) -> dict:
    """What a certificate says of policies."""
    constraints = extension(one, x509.PolicyConstraints)
    inhibit = extension(one, x509.InhibitAnyPolicy)
    policies = extension(one, x509.CertificatePolicies) or ()
    return {
        "subject": one.subject.rfc4514_string(),
        "issuer": one.issuer.rfc4514_string(),
        "key": x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest.hex(),
        "policies": [policy.policy_identifier.dotted_string for policy in policies],
        "mappings": mappings(one),
        "require_explicit": constraints.require_explicit_policy if constraints else None,
        "inhibit_mapping": constraints.inhibit_policy_mapping if constraints else None,
        "inhibit_any": inhibit.skip_certs if inhibit else None,
    }


def extension(one: x509.Certificate, kind: type):
    try:
        return one.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def mappings(one: x509.Certificate) -> list[list[str]]:
    """[[issuer's policy, subject's policy] ...]: a DER sequence of pairs of object identifiers."""
    try:
        data = one.extensions.get_extension_for_oid(POLICY_MAPPINGS).value.public_bytes()
    except x509.ExtensionNotFound:
        return []
    [(_, whole)] = parts(data)
    return [[dotted(oid) for _, oid in parts(pair)] for _, pair in parts(whole)]


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """(tag, contents) of each DER item; lengths below 64 KiB."""
    found = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        found.append((tag, data[start : start + length]))
        data = data[start + length :]
    return found


def dotted(data: bytes) -> str:
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers, value = [*numbers, value], 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def main(names: list[str]) -> int:
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    warnings.simplefilter(
        "ignore"
    )  # some of these certificates break rules that have nothing to do with policies
    for name in names:
        path = path_to(certificate(name))
        print(
            json.dumps({"file": name, "valid": path is not None, "path": [said(one) for one in path or []]})
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
