"""The service's language, as data (`wire.toml`): how a claim is written, and how what comes back is read."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mdi_engine.errors import InputRefused
from mdi_engine.jobs.dukcapil.port import NIK, NOBODY, Answer, Claim, judged
from mdi_engine.settings import DukcapilField

_SHIPPED = Path(__file__).with_name("wire.toml")
_SCORE = re.compile(r"\s*\(\s*\d{1,3}([.,]\d+)?\s*\)$")
_LEVELS = {"province": slice(0, 2), "kabkota": slice(2, 4), "kecamatan": slice(4, 6)}
_Sent = Literal["nik"] | DukcapilField
Word = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Write(_Strict):
    birth_date: Word
    male: Word
    female: Word


class _Reading(_Strict):
    rows: Word
    agrees: list[Word]
    differs: list[Word]


class Wire(_Strict):
    """The names under which fields are sent and answered, how values are written, and the words of an answer.

    A field that `send` lacks is not sent, and so not compared.
    """

    send: dict[_Sent, Word]
    write: _Write
    answer: _Reading
    nobody: dict[Word, list[Word]] = {}

    def body(self, claim: Claim, credentials: Mapping[str, str]) -> bytes:
        """The claim as JSON in UTF-8, beside the credentials; it holds what identifies a person."""
        said = {NIK: claim.nik} | {str(name): value for name, value in claim.values.items()}
        sent = {called: self._written(name, said) for name, called in self.send.items() if name in said}
        return json.dumps({**credentials, **sent}).encode()

    def _written(self, name: str, said: Mapping[str, str]) -> str:
        value = said[name]
        match name:
            case "name":
                return value.upper()  # as the registry writes names
            case "birth_date":
                return date.fromisoformat(value).strftime(self.write.birth_date)
            case "sex":
                return self.write.male if value == "male" else self.write.female
            case "province":
                # Ours is the one before 2022; the others know the one of today.
                return (said.get("kecamatan") or said.get("kabkota") or value)[:2]
            case "kabkota" | "kecamatan":
                return value[_LEVELS[name]]
        return value

    def read(self, body: bytes, claim: Claim) -> Answer:
        """What the answer says of the claim. Raises ValueError, which quotes nothing, if that cannot be told.

        An answer that says nothing of the NIK, or says anything twice, is none.
        """
        row = self._row(body)
        if any(str(row.get(name)) in words for name, words in self.nobody.items()):
            return NOBODY
        if not self._agrees(row, NIK):
            return NOBODY
        asked = [name for name in claim.values if self.send.get(name) in row]
        return judged({name: self._agrees(row, name) for name in asked})

    def _row(self, body: bytes) -> Mapping[str, Any]:
        try:
            said = json.loads(body, object_pairs_hook=_single)
        except (ValueError, RecursionError):
            raise ValueError("the answer is no JSON") from None
        rows = said.get(self.answer.rows) if isinstance(said, dict) else None
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise ValueError("the answer does not hold one person")
        return rows[0]

    def _agrees(self, row: Mapping[str, Any], name: _Sent) -> bool:
        said = row.get(self.send[name])
        word = _SCORE.sub("", said.strip()).casefold() if isinstance(said, str) else None
        if word in self.answer.agrees:
            return True
        if word in self.answer.differs:
            return False
        raise ValueError(f"the answer about {name} is not understood")


def load_wire(path: Path | None = None) -> Wire:
    """The service's language as shipped, or from a file of the home. Raises `InputRefused` if that cannot be used."""
    path = path or _SHIPPED
    try:
        wire = Wire.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        where = [".".join(map(str, one["loc"])) for one in error.errors()] if isinstance(error, ValidationError) else []
        raise InputRefused(
            f"{path}: the language of the registry's service cannot be read" + "".join(f"\n  - {at}" for at in where),
            hint="MDI_DUKCAPIL_WIRE names a file like the one in docs/dukcapil.md.",
        ) from None
    lacking = {NIK, "name", "birth_date"} - wire.send.keys()
    if lacking:
        raise InputRefused(f"{path}: [send] does not say how {' and '.join(sorted(lacking))} are called")
    return wire


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("twice")
    return found
