"""What the documents show is what happens: their `console` and `python` blocks run, in order, and must print the same.

A block is fenced by three backticks. In a `console` block a line `$ command` is run by bash in a folder that holds the
samples, and what follows, up to the next command or the end, is what it must print: standard output, or, where the
command fails or the document shows it, standard output and then standard error. A command goes on in the next line
after a backslash. A line `…` stands for any lines. A `python` block is a program of its own (or a doctest, if it begins
with `>>>`). What differs from run to run is masked on both sides; blanks between columns count as one.

A block that cannot run says so just above it:  <!-- not run: it needs the network -->

`python tests/test_docs.py README.md docs/registry.md` writes into these documents what their commands print now.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mdi_engine.cli.main import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What a document may use: copied, so that nothing it does reaches the checkout.
BELONGINGS = ("data/samples", "pipelines", "benchmarks/models", "docs/examples")
RUN, SHELLS = {"console", "python"}, {"bash", "sh", "shell", "zsh", "shell-session", "pycon"}
_NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>.*?)\s*-->")
_ANY = "…"
_FLOAT = re.compile(r"\b\d+\.\d+\b")
_MASKS = [
    # Numbers come from a permutation with a key of the home's own.
    (re.compile(r"\bP\d{11}\b|\b100\d{8}\b|\b1000\d{6}\b|\b93\d{6}\b|\b(PB|LY)\d{8}\b"), "######"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "~"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "~"),
    (re.compile(r"\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8,64}\b"), "#"),
    (re.compile(r"\b\d[\d,.]* ?(ms|s|sec|seconds?|min|minutes?|[KMG]i?B)\b"), r"~ \1"),
    (re.compile(r"\b\d+\.\d+\.\d+\b"), "#.#.#"),
]


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, its language, its lines, and why it is not run if it is not."""

    line: int
    language: str
    lines: tuple[str, ...]
    not_run: str | None = None


@dataclass
class Step:
    """A command of a console block as it is run and as it is shown, and what must be printed."""

    line: int
    command: str
    shown: list[str]
    expected: list[str] = field(default_factory=list)


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a document. An opening fence may be indented; the block then is, too."""
    lines = text.splitlines()
    place = 0
    while place < len(lines):
        opening = re.match(r"^( *)(`{3,})\s*([\w-]*)", lines[place])
        if not opening:
            place += 1
            continue
        indent, fence, language = opening.groups()
        end = next(n for n in range(place + 1, len(lines) + 1) if n == len(lines) or lines[n].strip() == fence)
        assert end < len(lines), f"line {place + 1}: the block is not closed"
        above = next((line for line in reversed(lines[:place]) if line.strip()), "")
        excuse = _NOT_RUN.search(above)
        inner = tuple(line.removeprefix(indent) for line in lines[place + 1 : end])
        yield Block(place + 1, language, inner, excuse["reason"] if excuse else None)
        place = end + 1


def steps(block: Block) -> list[Step]:
    """The commands of a console block with their output."""
    found: list[Step] = []
    unfinished = False
    for number, line in enumerate(block.lines, block.line + 1):
        if unfinished:
            found[-1].command += "\n" + line.removeprefix("> ")
            found[-1].shown.append(line)
        elif line.startswith("$ "):
            found.append(Step(number, line[2:], [line]))
        else:
            assert found, f"line {number}: output before any command"
            found[-1].expected.append(line)
        unfinished = found[-1].command.endswith("\\") and not found[-1].expected
    return found


def masked(lines: list[str], folder: Path | None = None) -> list[str]:
    """Lines without what differs from run to run; no empty lines at the ends."""
    result, timing = [], False
    for line in lines:
        if folder is not None:
            line = line.replace(str(folder), "~")
        timing = bool(line.strip(" },")) and (timing or "seconds" in line)
        for pattern, mask in _MASKS:
            line = pattern.sub(mask, line)
        line = _FLOAT.sub("~", line) if timing else line
        indent = line[: len(line) - len(line.lstrip())]
        result.append((indent + re.sub(r"\s{2,}", " ", line.strip())).rstrip())
    while result and not result[0]:
        result.pop(0)
    while result and not result[-1]:
        result.pop()
    return result


def agree(expected: list[str], got: list[str]) -> bool:
    """Whether masked lines are the same, `…` alone in a line standing for any lines."""
    pattern = "".join(r"(?:.*\n)*" if line == _ANY else re.escape(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in got)) is not None


def difference(step: Step, expected: list[str], got: list[str]) -> str:
    told = difflib.unified_diff(expected, got, "the document", "what happened", lineterm="", n=3)
    return f"line {step.line}: $ {step.command}\n" + "\n".join(told)


def stage(place: Path) -> Path:
    """Where a document is acted out: the samples, and `.venv/bin` as `make run` leaves it."""
    for name in BELONGINGS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name)
    (place / ".venv").mkdir(parents=True)
    (place / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return stage(tmp_path / "mdi-engine")


def act(step: Step, folder: Path) -> list[str]:
    """Run a step; returns what is to stand in the document if that differs from what stands there, else what does."""
    done = _run(["bash", "-c", step.command], folder)
    both = (done.stdout + done.stderr).splitlines()
    accepted = [both] if done.returncode else [done.stdout.splitlines(), both]
    expected = masked(step.expected)
    if any(agree(expected, masked(got, folder)) for got in accepted):
        return step.expected
    return [line.replace(str(folder), "~") for line in accepted[0]]


def check(step: Step, folder: Path) -> None:
    got = act(step, folder)
    if got is not step.expected:
        pytest.fail(difference(step, masked(step.expected), masked(got, folder)), pytrace=False)


def run_python(block: Block, folder: Path) -> None:
    script = folder / "_block.py"
    lines = [line.removesuffix("\n") for line in block.lines]
    is_session = any(line.startswith(">>>") for line in lines)
    script.write_text("\n".join(['"""', *lines, '"""'] if is_session else lines) + "\n", "utf-8")
    command = [sys.executable, *(["-m", "doctest"] if is_session else []), script.name]
    done = _run(command, folder)
    script.unlink()
    if done.returncode:
        pytest.fail(f"line {block.line}: python block\n{done.stdout}{done.stderr}", pytrace=False)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "80"}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", timeout=240, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_shows_what_happens(document: Path, folder: Path) -> None:
    for block in blocks(document.read_text("utf-8")):
        if block.language not in RUN or block.not_run is not None:
            continue
        if block.language == "python":
            run_python(block, folder)
        else:
            for step in steps(block):
                check(step, folder)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_block_gets_by_unseen(document: Path) -> None:
    for block in blocks(document.read_text("utf-8")):
        assert block.not_run is None or len(block.not_run) >= 10, f"line {block.line}: the reason says nothing"
        assert block.language not in SHELLS or block.not_run, f"line {block.line}: write it as a console block"


def test_every_command_is_documented() -> None:
    told = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    names = [str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback]
    assert [name for name in names if f"mdi {name}" not in told] == []


EXAMPLE = """\
Text.

```console
$ echo one
one
$ printf '%s\\n' 2026-11-22T10:00:00Z \\
>   "trained in 1.25 s"
2025-01-01 00:00
trained in 9 s
$ seq 5
1
…
5
$ echo nothing >&2; exit 4
nothing
```

<!-- not run: it needs the network -->

```console
$ false
```

```python
>>> 1 + 1
2
```
"""


def test_the_harness_runs_what_is_right(folder: Path) -> None:
    found = list(blocks(EXAMPLE))
    assert [(block.language, block.not_run) for block in found] == [
        ("console", None),
        ("console", "it needs the network"),
        ("python", None),
    ]
    for step in steps(found[0]):
        check(step, folder)
    run_python(found[2], folder)


@pytest.mark.parametrize(
    "text",
    [
        "$ echo one\ntwo",
        "$ echo one",
        "$ true\none",
        "$ echo one; exit 1\nso",
        "$ seq 5\n1\n…\n4",
        "$ echo 1000123456\n2000123456",
    ],
)
def test_the_harness_sees_what_is_wrong(text: str, folder: Path) -> None:
    (block,) = blocks(f"```console\n{text}\n```")
    with pytest.raises(pytest.fail.Exception, match="line 2"):
        check(steps(block)[0], folder)


@pytest.mark.parametrize("code", ["raise SystemExit(1)", ">>> 1 + 1\n3", "assert False"])
def test_the_harness_sees_python_that_fails(code: str, folder: Path) -> None:
    (block,) = blocks(f"```python\n{code}\n```")
    with pytest.raises(pytest.fail.Exception, match="line 1"):
        run_python(block, folder)


def test_masks_hide_what_differs_and_keep_what_does_not() -> None:
    first = [
        "read  0.250 s",
        "digest  3751b1c05ceb764a",
        "number 1000724492",
        "f1  0.998",
        "stage  seconds",
        "a  1.5",
        "",
    ]
    other = ["read  9.1 s", "digest  8f51b1c05ceb7600", "number 1000000001", "f1 0.998", "stage  seconds", "a 20.5", ""]
    assert masked(first) == masked(other)
    assert masked(["f1  0.998"]) != masked(["f1  0.997"])
    assert masked(["1,153 records"]) != masked(["1,152 records"])
    assert masked(["kode 6171192"]) != masked(["kode 6171193"])


def test_what_is_printed_now_can_be_written_into_a_document(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(EXAMPLE.replace("```console\n$ echo one\none", "```console\n$ echo one\n\nstale"))
    rewrite(document, stage(tmp_path / "stage"))
    assert document.read_text() == EXAMPLE


def rewrite(document: Path, folder: Path) -> None:
    """Run a document's console blocks and put what they print in place of what does not agree with it."""
    lines = document.read_text("utf-8").splitlines()
    printed: list[tuple[Block, list[str]]] = []
    for block in blocks("\n".join(lines)):
        if block.language == "console" and block.not_run is None:
            printed.append((block, [line for step in steps(block) for line in [*step.shown, *act(step, folder)]]))
    for block, inner in reversed(printed):
        fence = lines[block.line - 1]
        indent = fence[: len(fence) - len(fence.lstrip())]
        lines[block.line : block.line + len(block.lines)] = [(indent + line).rstrip() for line in inner]
    document.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as scratch:
            rewrite(Path(name), stage(Path(scratch) / "mdi-engine"))
