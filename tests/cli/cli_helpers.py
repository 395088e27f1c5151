"""The command line as a user meets it: a real process, a clean environment, a folder of its own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

MDI = str(Path(sys.executable).with_name("mdi"))
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
Run = subprocess.CompletedProcess[str]


def environment(**more: str) -> dict[str, str]:
    """Nothing of the tester's own settings, and the same language everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **more}


class Shell:
    """A folder in which `mdi` is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mdi(self, *arguments: str | Path, stdin: str = "", **env: str) -> Run:
        return subprocess.run(
            [MDI, *map(str, arguments)],
            cwd=self.folder,
            env=environment(**env),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def python(self, code: str, *arguments: str, **env: str) -> Run:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=environment(**env),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def on_a_terminal(self, *arguments: str | Path, **env: str) -> str:
        """What the terminal receives when both streams are one."""
        leader, follower = pty.openpty()
        variables = environment(TERM="xterm-256color", **env)
        process = subprocess.Popen(
            [MDI, *map(str, arguments)],
            cwd=self.folder,
            env=variables,
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        received = b""
        while select.select([leader], [], [], 120)[0]:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # how Linux says that the other end was closed
                break
            if not chunk:
                break
            received += chunk
        os.close(leader)
        assert process.wait(timeout=30) == 0, received
        return received.decode()
