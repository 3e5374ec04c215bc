"""`python -m fieldpost.bench [AREA]`: measures every area, or the named one."""

import importlib
import pkgutil
import sys
from pathlib import Path

from rich.console import Console

from fieldpost.bench import areas, report

SEED = 1
DOCUMENT = Path("build/bench.json")


def known_areas() -> list[str]:
    """Names of the modules in `fieldpost.bench.areas`."""
    return sorted(module.name for module in pkgutil.iter_modules(areas.__path__))


def main(wanted: list[str]) -> int:
    """Exit code: 0 measured, 2 no such area."""
    unknown = [name for name in wanted if name not in known_areas()]
    if unknown:
        print(f"no area {unknown[0]}; there are: {', '.join(known_areas())}", file=sys.stderr)
        return 2
    chosen = wanted or known_areas()
    lines = []
    for name in chosen:
        print(f"measuring {name}", file=sys.stderr)
        lines.extend(importlib.import_module(f"fieldpost.bench.areas.{name}").measure(SEED))
    report.write(DOCUMENT, report.renewed(report.read(DOCUMENT), set(chosen), lines))
    Console(width=None if sys.stdout.isatty() else 160).print(report.table(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
