"""`mdi report` and `mdi dedupe --report` as a user meets them: one page, offline, that tells no person."""

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

MODEL = """
name = "</title><script>alert(1)</script>"
key = "nik"
[fields.nik]
column = "nik"
identifier = true
[fields.nama]
column = "nama"
type = "tokens"
[fields.lahir]
column = "tgl_lahir"
type = "date"
[fields.kota]
column = "kota"
[fields.siapa]
column = "siapa"
[[blocking]]
keys = ["lahir"]
[[blocking]]
keys = ["first(nama, 3)", "kota"]
[[comparisons]]
field = "nama"
levels = ["same", "similar", "overlap"]
[[comparisons]]
field = "lahir"
levels = ["exact", "one_digit", "same_year"]
[[comparisons]]
field = "kota"
levels = ["exact"]
"""
HOSTILE = "</script><svg onload=alert(1)>"
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "figure", "figcaption"),
    *("p", "h1", "h2", "h3", "dl", "div", "dt", "dd", "small", "span", "a", "ul", "li", "br", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "line", "polyline", "text"),
}


class Page(HTMLParser):
    """What a page loads, runs or sends, and what it says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text("utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.style = ""
        self._open = ""
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            self.style += data
        else:
            self.said += data

    def is_harmless(self) -> bool:
        """Only tags of the template, no handler, nothing loaded, a policy that allows the page's own style alone."""
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}';"
        allowed = [str(found["content"]) for _, found in self.tags if found.get("http-equiv")]
        ids = {found["id"] for _, found in self.tags if "id" in found}
        named = [(name, value) for _, found in self.tags for name, value in found.items()]
        return (
            {tag for tag, _ in self.tags} <= TAGS
            and not [name for name, _ in named if name.startswith("on") or name in ("src", "style", "srcset")]
            and all((value or "").removeprefix("#") in ids for name, value in named if name == "href")
            and [text.startswith(policy) for text in allowed] == [True]
            and not re.search(r"url\(|@import", self.style)
        )


def patients(folder: Path) -> None:
    """Invented people, every third twice with a slip; one is called as an attacker would call himself."""
    given, last, towns = ("SITI", "BUDI", "AGUS", "DEWI", "RINA", "TONO"), ("AMINAH", "SANTOSO", "LESTARI"), "ABC"
    lines = ["nik,nama,tgl_lahir,kota,siapa"]
    for n in range(120):
        name = f"{given[n % 6]} {last[n % 3]} {chr(65 + n % 26)}{chr(65 + n % 7)}ONO" if n % 10 else HOSTILE
        born = f"{1950 + n % 50}-0{n % 9 + 1}-{n % 18 + 10}"
        lines.append(f"99{n:014d},{name},{born},KOTA {towns[n % 3]},p{n}")
        if n % 3 == 0:
            lines.append(f"99{n + 500:014d},{name[:-1]},{born if n % 2 else ''},KOTA {towns[n % 3]},p{n}")
    (folder / "a<b>.csv").write_text("\n".join([*lines, ""]), "utf-8")
    (folder / "m.toml").write_text(MODEL, "utf-8")


def report(shell: Shell, *more: str) -> Page:
    patients(shell.folder)
    done = shell.mdi("dedupe", "a<b>.csv", "--model", "m.toml", "--report", "out.html", *more)
    assert done.returncode == 0, done.stderr
    assert "The report is in out.html." in done.stderr
    return Page(shell.folder / "out.html")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(Shell(tmp_path_factory.mktemp("measured")), "--truth", "siapa")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(Shell(tmp_path_factory.mktemp("plain")))


def test_nobody_is_told_and_nothing_runs(measured: Page) -> None:
    page = measured
    assert page.is_harmless()
    assert not re.search(r"99\d{10}", page.text)
    assert not re.search("AMINAH|SANTOSO|onload", page.text, re.IGNORECASE)
    assert "a<b> #" in page.said  # rows, as the key is a NIK
    assert "•" in page.said
    assert "KOTA A" in page.said  # what many share, and no name
    assert "</title><script>alert(1)</script>" in page.said


def test_values_are_shown_when_asked_for_and_stay_text(shell: Shell) -> None:
    page = report(shell, "--show-values")
    assert page.is_harmless()
    assert re.search("99[0-9]{14}", page.said)
    assert "SANTOSO" in page.said or "AMINAH" in page.said or "LESTARI" in page.said


def test_every_picture_has_a_caption_in_both_languages_and_a_table(measured: Page) -> None:
    page = measured
    figures = page.text.split("<figure>")[1:]
    assert len(figures) == 8
    for figure in figures:
        caption = figure.partition("<figcaption>")[2].partition("</figcaption>")[0]
        assert re.fullmatch(r'\S[^<]+\. <span class="quiet" lang="en">[^<]+\.</span>', caption), caption
        assert "<table" in figure
    for _, drawing in [each for each in page.tags if each[0] == "svg"]:
        assert drawing.get("aria-hidden") == "true" or drawing.get("aria-label")
    for words in ("Presisi terukur", "Measured recall", "Kelengkapan", "Completeness", "Records that cannot be linked"):
        assert words in page.said


def test_it_fits_phones_dark_rooms_and_paper(plain: Page) -> None:
    for rule in ("prefers-color-scheme: dark", "max-width: 48rem", "@media print"):
        assert rule in plain.style


def test_without_a_truth_nothing_is_called_measured(plain: Page) -> None:
    assert "terukur" not in plain.said
    assert "presisi yang diharapkan" in plain.said


def test_the_same_run_gives_the_same_page(shell: Shell, plain: Page) -> None:
    assert report(shell).text == plain.text


def test_a_page_takes_no_list_s_place(shell: Shell) -> None:
    patients(shell.folder)
    (shell.folder / "list.html").write_text("<table><tr><th>nama</th></tr><tr><td>A</td></tr></table>")
    before = (shell.folder / "list.html").read_text()
    for arguments in (["list.html", "--report", "list.html"], ["a<b>.csv", "--report", "out.csv"]):
        done = shell.mdi("dedupe", *arguments, "--model", "m.toml")
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "--report" in done.stderr
    assert (shell.folder / "list.html").read_text() == before


def test_an_entity_of_the_home_as_it_stands(demo: Shell) -> None:
    truth = SAMPLES / "truth" / "patient.csv"
    done = demo.mdi("report", "patient", "--output", "out.html", "--truth", truth)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    page = Page(demo.folder / "out.html")
    assert page.is_harmless()
    told = demo.mdi("evaluate", "patient", "--truth", truth).stdout
    precision = re.search(r"pairwise +(\S+)", told)
    assert precision is not None
    assert f"Presisi terukur Measured precision{100 * float(precision[1]):.1f}".replace(".", ",") in page.said
    niks = re.findall(r"\b\d{16}\b", (SAMPLES / "dukcapil" / "dukcapil.csv").read_text("utf-8"))
    assert niks
    assert not [nik for nik in niks if nik in page.text]
    pair = re.search(r"<h3>(\S+:\S+) · (\S+:\S+) <small>", page.text)
    assert pair is not None
    assert demo.mdi("explain", *pair.groups()).returncode == 0


def test_names_of_hospitals_are_no_secret_and_the_numbers_are_json(demo: Shell) -> None:
    done = demo.mdi("report", "facility", "--output", "out.html", "--json")
    assert done.returncode == 0
    assert "•" not in Page(demo.folder / "out.html").said
    told = json.loads(done.stdout)
    assert sum(told["histogram"]["counts"]) == told["candidate_pairs"]
    assert sum(size * count for size, count in told["sizes"]) == told["records"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["report", "patient", "--output", "out.html"], 4, "nothing was ingested yet"),
        (["report", "people", "--output", "out.html"], 2, "no entity"),
        (["report", "patient", "--output", "out.pdf"], 2, "must end in .html"),
    ],
)
def test_what_cannot_be_reported_is_told(arguments: list[str], code: int, said: str, shell: Shell) -> None:
    done = shell.mdi(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert not list(shell.folder.glob("*.html"))


def test_a_place_that_cannot_be_written_is_a_failure(demo: Shell) -> None:
    done = demo.mdi("report", "facility", "--output", "nowhere/out.html")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written" in done.stderr
