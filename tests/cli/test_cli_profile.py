"""`mdi profile` as a user meets it: text, JSON, a page that opens offline."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]

SIRS = SAMPLES / "sirs" / "sirs_2021.csv"
PERSON = "Siti,Palu,3,1\n"
HOSTILE = "<script>alert(1)</script>\u202e&\"'\x1b[2J"


class Page(HTMLParser):
    """What a page loads, runs or sends, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.style = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "style":
            self.style += data if not self.style else ""
        self.said.append(data)


@pytest.fixture
def page(shell: Shell) -> Page:
    (shell.folder / "a.csv").write_text(f'nama,nama_rs,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\nSiti,RS <b>Satu,1\n')
    done = shell.mdi("profile", "a.csv", "--html", "out.html")
    assert done.returncode == 0, done.stderr
    assert "out.html" in done.stderr
    return Page((shell.folder / "out.html").read_text("utf-8"))


def test_the_page_loads_and_runs_nothing(page: Page) -> None:
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
        assert (attributes.get("href") or "#").startswith("#"), tag
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_its_policy_allows_its_own_style_and_nothing_else(page: Page) -> None:
    (policy,) = (each["content"] for _, each in page.tags if each.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


def test_it_speaks_both_languages_and_escapes_what_is_not_its_own(page: Page) -> None:
    said = "".join(page.said)
    for word in ("Temuan", "Findings", "Kelengkapan", "Completeness", "RS <b>Satu", "<script>alert(1)</script>"):
        assert word in said
    assert "\u202e" not in said
    assert "\x1b" not in said
    assert "Siti" not in said


def test_it_fits_light_dark_and_paper(page: Page) -> None:
    assert "prefers-color-scheme: dark" in page.style
    assert "@media print" in page.style


def test_the_page_and_json_go_together(shell: Shell) -> None:
    (shell.folder / "a.csv").write_text("kota,kelas\n Palu,1\nPoso,2\n")
    done = shell.mdi("profile", "a.csv", "--html", "out.html", "--json", "--top", "1")
    told = json.loads(done.stdout)
    assert {len(column["top"]) for column in told["columns"]} == {1}
    assert {"code", "column", "severity", "rows", "share", "english", "indonesian"} <= set(told["findings"][0])
    assert (shell.folder / "out.html").is_file()


@pytest.mark.parametrize("name", ["a.html", "page.csv"])
def test_an_input_is_not_written_over(name: str, shell: Shell) -> None:
    file = shell.folder / name
    file.write_text("<table><tr><th>kota</th></tr><tr><td>Palu</td></tr></table>")
    (shell.folder / "link.html").symlink_to(file)
    before = file.read_text()
    for out in (name, "./" + name, "link.html"):
        done = shell.mdi("profile", name, "--html", out)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "--html" in done.stderr
    assert file.read_text() == before


def test_a_place_that_cannot_be_written_is_1_and_leaves_nothing(shell: Shell) -> None:
    done = shell.mdi("profile", SIRS, "--html", "nowhere/out.html")
    assert (done.returncode, done.stdout) == (1, "")
    assert "mdi: --html nowhere/out.html: cannot be written: No such file or directory" in done.stderr
    assert not list(shell.folder.iterdir())


def test_values_of_a_file_are_shown_when_asked_for_and_of_a_source_never(shell: Shell) -> None:
    (shell.folder / "a.csv").write_text("nama,kota\nSiti,Palu\n")
    assert "Siti" not in shell.mdi("profile", "a.csv").stdout
    assert "Siti" in shell.mdi("profile", "a.csv", "--show-values").stdout
    assert shell.mdi("profile", "sirs", "--show-values").returncode == 2


@pytest.mark.parametrize("columns", [22])
def test_many_columns_keep_to_a_terminal(columns: int, shell: Shell) -> None:
    """A line per column, none of it wider than 140 characters, whatever stands in it."""
    names = [f"kolom_nomor_{n}" for n in range(columns)]
    rows = [",".join(f"nilai yang panjang {n} {m}" for n in range(columns)) for m in range(5)]
    (shell.folder / "a.csv").write_text("\n".join([",".join(names), *rows, ""]))
    lines = shell.mdi("profile", "a.csv").stdout.splitlines()
    assert max(map(len, lines)) <= 140
    assert sum(bool(re.match(r"kolom_nomor_\d+ +100\.0%", line)) for line in lines) == columns


@pytest.mark.parametrize(("separator", "typed"), [("|", "'|'"), (";", "';'"), ("\t", r"'\t'")])
def test_another_separator_is_told(separator: str, typed: str, shell: Shell) -> None:
    (shell.folder / "a.csv").write_text(f"NIK,kota,kelas,x\n{PERSON}".replace(",", separator))
    done = shell.mdi("profile", "a.csv")
    assert done.returncode == 0
    assert f"One column, whose name holds 3 {typed}" in done.stdout
    assert f"try --separator {typed}" in done.stderr
    assert "Siti" not in done.stdout
    assert "separator" not in shell.mdi("profile", "a.csv", "--separator", separator).stderr


def test_json_lines_and_workbooks_are_read_by_what_they_are(shell: Shell) -> None:
    (shell.folder / "a.jsonl").write_text('{"kota": "Palu", "kerja": [{"unit": 1}]}\n{"kota": "Poso"}\n')
    told = json.loads(shell.mdi("profile", "a.jsonl", "--json").stdout)
    assert [(column["name"], column["filled"]) for column in told["columns"]] == [("kota", 2), ("kerja", 1)]
    assert Path(shell.folder / "a.jsonl").exists()
