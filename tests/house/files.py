"""The files the house rules look at: what is committed, or would be."""

import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = {".venv", "node_modules", "instance", "__pycache__", "vendor"}


@lru_cache(maxsize=1)
def all_files() -> tuple[Path, ...]:
    """Everything git knows or would take; without git, everything that is not installed or built."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return tuple(sorted(ROOT / name for name in names if name and (ROOT / name).is_file()))
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return tuple(
        sorted(
            path
            for path in found
            if not any(part in BUILT or part.startswith(".") for part in path.relative_to(ROOT).parts[:-1])
        )
    )


def tracked(folder: str, *endings: str) -> list[Path]:
    """The files under a folder with one of these endings."""
    inside = (path for path in all_files() if path.is_relative_to(ROOT / folder))
    return [path for path in inside if not endings or path.name.endswith(endings)]


def python_files(*folders: str) -> list[Path]:
    """The Python modules under these folders."""
    return [path for folder in folders for path in tracked(folder, ".py")]
