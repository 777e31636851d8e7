"""The entry points of this checkout, as an installation of it would have them, and pytest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.helpers.paths import ROOT

# Plugins of this environment that a project of its own need not have.
OTHERS = ["-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:cacheprovider"]


def install(folder: Path) -> Path:
    """Write the metadata of a package with the entry points of this checkout below *folder*; return its place."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "installed" / "checkout-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: checkout\nVersion: 0\n", encoding="utf-8")
    lines = [f"{name} = {module}" for name, module in project["entry-points"]["pytest11"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]), encoding="utf-8")
    return info.parent


def python_with(installed: Path, *arguments: str, folder: Path) -> tuple[int, str]:
    """Run Python in *folder* as another project with this package would; return the exit code and the output."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"},
    )
    return done.returncode, done.stdout + done.stderr
