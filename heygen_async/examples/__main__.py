"""List the examples with the command that runs each: `python -m heygen_async.examples`."""

from __future__ import annotations

import ast
import importlib.resources
from collections.abc import Iterator

HEAD = """Each of these programs runs against your account, or against the simulator. For the simulator:

  heygen-async simulate --speed 60        # in another terminal
  export HEYGEN_API_BASE=http://127.0.0.1:8400 HEYGEN_API_KEY=simulator-key
"""


def examples() -> Iterator[tuple[str, str]]:
    """Yield the module and the first line of each example, in alphabetical order."""
    files = importlib.resources.files("heygen_async.examples").iterdir()
    for file in sorted(files, key=lambda file: file.name):
        if file.name.endswith(".py") and not file.name.startswith("_"):
            about = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            yield f"heygen_async.examples.{file.name.removesuffix('.py')}", about.partition("\n")[0]


def main() -> None:
    """Print the list."""
    print(HEAD)
    for module, about in examples():
        print(f"{about}\n  python -m {module}")


if __name__ == "__main__":
    main()
