"""`mdi dukcapil` through a real shell: by the extract, by a service, and by one that is not there."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cli_helpers import Shell

from mdi_engine.jobs.ingest import ingest
from mdi_engine.settings import Settings

NIKS = ["9901014510900001", "9901014510900002"]
REGISTRY = """\
NIK|NAMA_LGKP|JENIS_KLMIN|TGL_LHR|NO_PROP|NO_KAB|NO_KEC
9901014510900001|SITI AMINAH|2|05-10-1990|33|74|11
9901014510900002|BUDI SANTOSO|1|06-10-1990|33|74|11
"""
HOSPITAL = """\
kode_rs,no_rm,nama_pasien,nik,jenis_kelamin,tanggal_lahir
3374001,17,"Ny. Siti Aminah",9901014510900001,P,1990-10-05
3374001,18,Budi Susanto,9901014510900002,L,1990-10-07
3374001,19,Tanpa NIK,,L,1990-10-07
"""


@pytest.fixture(scope="session")
def people_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home of two people of the registry and three records of a hospital; `people` gives a copy."""
    folder = tmp_path_factory.mktemp("people")
    for source, text in (("dukcapil", REGISTRY), ("simrs", HOSPITAL)):
        (folder / f"{source}.csv").write_text(text, "utf-8")
        ingest(Settings(home=folder / "mdi-home"), source, [folder / f"{source}.csv"])
    return folder


@pytest.fixture
def people(people_home: Path, tmp_path: Path) -> Shell:
    shutil.copytree(people_home, tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


class Agreeing(BaseHTTPRequestHandler):
    """Agrees with everything it is asked."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        agreed = {name: "Sesuai" for name in asked if name != "PASSWORD"}
        body = json.dumps({"content": [agreed]} if asked["PASSWORD"] == "kata sandi" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Agreeing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_the_extract_tells_who_is_verified_and_what_disagrees(people: Shell) -> None:
    told = people.mdi("dukcapil")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (
        "registry    local\nasked       2\nverified    1\nrefused     1\nunverified  0\nstanding    0\n\n"
        "disagrees   records\nbirth_date        1\nname              1\n"
    )
    again = json.loads(people.mdi("dukcapil", "--json").stdout)
    assert (again["asked"], again["standing"]) == (0, 2)


def test_the_service_tells_with_what_the_environment_says(people: Shell, url: str) -> None:
    credentials = '{"PASSWORD": "kata sandi"}'
    told = people.mdi("dukcapil", "--json", MDI_DUKCAPIL_URL=url, MDI_DUKCAPIL_CREDENTIALS=credentials)
    assert json.loads(told.stdout)["verified"] == 2
    assert not any(nik in told.stdout + told.stderr for nik in NIKS)


def test_a_service_that_is_not_there_leaves_everybody_unverified_and_due(people: Shell) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = {"MDI_DUKCAPIL_URL": f"http://127.0.0.1:{port}/", "MDI_DUKCAPIL_ATTEMPTS": "1"}
    told = people.mdi("dukcapil", **where)
    assert told.returncode == 0
    assert "unverified because  records\nunreachable" in told.stdout
    assert not any(nik in told.stdout + told.stderr for nik in NIKS)
    assert json.loads(people.mdi("dukcapil", "--json").stdout)["asked"] == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MDI_DUKCAPIL_URL", "http://dukcapil.example/?k=kata-sandi"),
        ("MDI_DUKCAPIL_CREDENTIALS", "kata-sandi"),
        ("MDI_DUKCAPIL_DAYS", "-1 kata-sandi"),
        ("MDI_DUKCAPIL_FIELDS", '["kata-sandi"]'),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(people: Shell, name: str, value: str) -> None:
    told = people.mdi("dukcapil", **{name: value})
    assert told.returncode == 2
    assert name in told.stderr
    assert "kata-sandi" not in told.stderr


def test_numbers_that_were_never_issued_are_not_found(people: Shell) -> None:
    assert people.mdi("dukcapil", "P00000000000").returncode == 4
