"""Makes the golden vectors of signed objects from fixed keys: `python tests/make_vectors.py` writes them.

The same rows come out each time, so a difference from the committed files is a change of the wire format.
"""

import json
import sys
from pathlib import Path

import vector_carry
import vector_gateway
import vector_handed
import vector_line
import vector_links
import vector_merge
import vector_module_pack
import vector_observations
import vector_pack
import vector_proofs
import vector_rotation
import vector_seals
import vector_sectors
import vector_senml
import vector_session
import vector_slot
import vector_strays
import vector_tokens
import vector_transfer

VECTORS = Path(__file__).parent / "vectors"
MODULES = (
    vector_observations,
    vector_senml,
    vector_seals,
    vector_sectors,
    vector_slot,
    vector_module_pack,
    vector_pack,
    vector_tokens,
    vector_links,
    vector_merge,
    vector_handed,
    vector_rotation,
    vector_session,
    vector_strays,
    vector_transfer,
    vector_gateway,
    vector_carry,
    vector_line,
    vector_proofs,
)


def made() -> dict[str, str]:
    """The text of each file by its name without .json: a JSON list, one row a line."""
    texts = {}
    for module in MODULES:
        for name, rows in module.FILES.items():
            lines = ",\n".join(" " + json.dumps(row) for row in rows())
            texts[name] = "[\n" + lines + "\n]\n"
    return texts


def main() -> int:
    for name, text in made().items():
        (VECTORS / (name + ".json")).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
