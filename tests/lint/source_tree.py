"""The files of the project, whether it is a git checkout or an unpacked archive."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
_NOT_OURS = {"build", ".git", ".cache", "__pycache__"}


def files(*patterns):
    """Paths below ROOT, sorted, of all text files that match one of the glob patterns ("*.cc"; none: all).

    In a checkout: what git tracks and what it would. Elsewhere: everything outside build folders.
    """
    try:
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True,
        ).stdout.decode()
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in ROOT.rglob("*") if not _NOT_OURS.intersection(p.relative_to(ROOT).parts)]
    wanted = [p for p in paths if p.is_file() and (not patterns or any(p.match(pattern) for pattern in patterns))]
    return sorted(p for p in wanted if b"\0" not in p.read_bytes()[:4096])


def lines(path):
    """Numbered lines of a file, from 1."""
    return enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)


def name(path):
    return path.relative_to(ROOT).as_posix()
