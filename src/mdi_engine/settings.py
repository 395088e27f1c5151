"""Where things are: the home folder and what the installation ships."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from mdi_engine.errors import discreet

_PACKAGE = Path(__file__).resolve().parent

# Fields of a patient that the civil registry can be asked about.
DukcapilField = Literal["name", "birth_date", "sex", "province", "kabkota", "kecamatan"]


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a user that has no name
        return "unknown"


class Settings(BaseSettings):
    """Settings read from the environment (`MDI_HOME`, `MDI_LEDGER_URL`, `MDI_PIPELINES` …); flags override them.

    `ledger_url` is an SQLAlchemy URL; None means SQLite inside the home. `number_blocks` (JSON in MDI_NUMBER_BLOCKS)
    reserves blocks of numbers per entity, as [first, size] pairs; without it an entity has its default block.
    `actor` is who acts, as events and accesses tell it: 1 to 100 characters; without it, who is logged in.

    Those that begin with `dukcapil_` tell how the civil registry is asked (docs/dukcapil.md). `url` None means the
    extract in the ledger, which holds everybody if `complete`. `fields` are compared beside name and birth date;
    `seconds` is the time for one attempt, `attempts` how often one question is asked at most, `days` how long an answer
    stands. `credentials` (JSON) go into each request's body, `headers` (JSON) into its head.
    """

    model_config = SettingsConfigDict(env_prefix="MDI_", extra="ignore")

    home: Path = Path("mdi-home")
    ledger_url: str | None = None
    pipelines: Path | None = None
    number_blocks: dict[str, list[tuple[int, int]]] = {}
    actor: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(discreet)
    ] = Field(default_factory=_login)
    dukcapil_url: str | None = None
    dukcapil_wire: Path | None = None
    dukcapil_credentials: dict[str, SecretStr] = {}
    dukcapil_headers: dict[str, SecretStr] = {}
    dukcapil_fields: tuple[DukcapilField, ...] = ("sex", "province", "kabkota", "kecamatan")
    dukcapil_complete: bool = True
    dukcapil_seconds: Annotated[float, Field(gt=0, le=300)] = 5.0
    dukcapil_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    dukcapil_days: Annotated[int, Field(ge=0, le=36_500)] = 180

    @property
    def workbench_path(self) -> Path:
        """The DuckDB file of the workbench."""
        return self.home / "workbench.duckdb"

    @property
    def ledger_path(self) -> Path:
        """The SQLite file of the embedded ledger."""
        return self.home / "ledger.sqlite"

    @property
    def extracts_path(self) -> Path:
        """Landed extract files are kept here, verbatim, so that the workbench can be rebuilt."""
        return self.home / "extracts"

    @property
    def parameters_path(self) -> Path:
        """Trained parameters, one folder per entity and version."""
        return self.home / "parameters"


def shipped(name: str) -> Path:
    """The folder `pipelines` or `samples` that came with the installation (in the wheel, or in a checkout)."""
    installed = _PACKAGE / "_shipped" / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent.parent
    return checkout / "pipelines" if name == "pipelines" else checkout / "data" / name


def pipeline_folders(settings: Settings) -> list[Path]:
    """Folders searched for `<source>/source.toml`, first one wins: home, --pipelines, packaged."""
    wanted = [settings.home / "pipelines", settings.pipelines, shipped("pipelines")]
    return [folder for folder in wanted if folder is not None and folder.is_dir()]
