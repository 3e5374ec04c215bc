"""The project's files as the house rules see them: what is versioned or about to be, never what was built."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("firmware", "host", "shared", "boards", "tests")


@functools.cache
def files() -> list[Path]:
    """Every file that git holds or would take, as paths from the root; what is being deleted is left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return sorted(Path(name) for name in done.stdout.splitlines() if (ROOT / name).is_file())
    found = [
        path.relative_to(ROOT) for folder in CODE for path in (ROOT / folder).rglob("*") if path.is_file()
    ]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def python_files(*folders: str) -> list[Path]:
    """The Python files below the given top folders, or below all of them."""
    return [path for path in files() if path.suffix == ".py" and path.parts[0] in (folders or CODE)]


@functools.cache
def text(path: Path) -> str:
    """A file's text; empty for one that is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file, however deep."""
    return [
        node for node in ast.walk(tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
