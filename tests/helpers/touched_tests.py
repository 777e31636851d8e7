"""Print the tests that a change touches: `python -m tests.helpers.touched_tests [SINCE]`.

The change is what differs from where the branch left SINCE (main), committed or not. It touches the tests that it
changes, and of each module of the package the tests that stand where it stands and those that import from it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALWAYS = "tests/project/test_project.py"


def touched(changed: Iterable[str], root: Path) -> list[str]:
    """Return paths of tests below *root*: files, and whole folders only where a module has no test of its name."""
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in (root / "tests").rglob("test_*.py")}
    found = {ALWAYS}
    for name in map(Path, changed):
        if name.as_posix() in texts:
            found.add(name.as_posix())
        if name.suffix == ".py" and name.parts[0] == "heygen_async":
            found |= _of_module(name, texts)
    return sorted(found)


def _of_module(module: Path, texts: dict[str, str]) -> set[str]:
    folder = Path("tests", *module.parts[1:-1])
    own = (folder / f"test_{module.stem}.py").as_posix()
    beside = {own} & set(texts) or {path for path in texts if Path(path).parent == folder}
    dotted = re.compile(rf"\b{re.escape('.'.join(module.with_suffix('').parts))}\b")
    return beside | {path for path, text in texts.items() if dotted.search(text)}


def changed_since(since: str, root: Path) -> list[str]:
    """Return the files that differ from the commit where the present branch left *since*, also those not committed."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout

    base = git("merge-base", since, "HEAD").strip()
    return [*git("diff", "--name-only", base).split(), *git("ls-files", "--others", "--exclude-standard").split()]


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[2]
    since = sys.argv[1] if len(sys.argv) > 1 else "main"
    sys.stdout.write(" ".join(touched(changed_since(since, here), here)) + "\n")
