"""The model: what people write down about a linkage task, as TOML, checked as a whole.

A model maps fields to columns (per file where they differ) and names blocking ways, comparisons with their levels,
thresholds and vetoes. It holds nothing learned: that is `parameters`. Grammar of the small expressions:

    key expression     NAME | first(NAME, n) | last(NAME, n) | each(NAME) | year(NAME) | metaphone(NAME)
    text level         exact | jaro >= x | jaro_winkler >= x | levenshtein <= n | osa <= n
    tokens level       same | similar | subset | overlap >= x | overlap
    date level         exact | swapped | one_digit | days <= n | years <= n | same_year | same_day
    number level       exact | within n
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mdi_engine.errors import InputRefused, ModelError
from mdi_engine.linkage.models import faults
from mdi_engine.linkage.models.expressions import KeyExpression, Level, parse_key, parse_level

FieldType = Literal["text", "tokens", "date", "number"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldSpec(_Frozen):
    """One field: its column (for all files, or by file stem), the normaliser that makes it, and its type.

    `identifier` marks a column whose values name one thing each (a code, a NIK): it gets no frequency table.
    """

    column: str | dict[str, str]
    normalize: str | None = None
    type: FieldType = "text"
    identifier: bool = False

    def column_in(self, source: str) -> str | None:
        """The column's name in the file `source`; None if that file does not carry the field."""
        return self.column if isinstance(self.column, str) else self.column.get(source)


class BlockingSpec(_Frozen):
    """A blocking rule: records that agree on every key expression are candidates. NULL agrees with nothing."""

    keys: tuple[str, ...] = Field(min_length=1)
    name: str = ""

    @property
    def label(self) -> str:
        """The rule's name, or its keys joined."""
        return self.name or " & ".join(self.keys)

    def expressions(self) -> tuple[KeyExpression, ...]:
        """The parsed key expressions."""
        return tuple(parse_key(key) for key in self.keys)


class RaritySpec(_Frozen):
    """Rarity blocking: a pair is a candidate when the features it shares carry at least `cut` bits together.

    `cut` in bits; None lets the training choose log2(records) - 6.6, at least 3. A feature that more than `common`
    of the records carry is not used. `discount` scales a feature's bits (0..1).
    """

    features: tuple[str, ...] = Field(min_length=1)
    cut: float | None = Field(default=None, gt=0)
    common: float = Field(default=0.06, gt=0, le=1)
    discount: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)

    def expressions(self) -> tuple[KeyExpression, ...]:
        """The parsed feature expressions."""
        return tuple(parse_key(feature) for feature in self.features)


class ComparisonSpec(_Frozen):
    """One comparison: a field and its levels, best first. What fits no level is the level `else`."""

    field: str
    levels: tuple[str, ...] = Field(min_length=1)
    name: str = ""
    frequency: bool = True

    @property
    def label(self) -> str:
        """The comparison's name, or its field's."""
        return self.name or self.field


class VetoSpec(_Frozen):
    """Two different values (both present) of `field` never stand in one cluster."""

    field: str
    reason: str


class ThresholdSpec(_Frozen):
    """Cuts in bits: at or above `match` a pair is a match, at or above `review` it wants a person. 0 is even odds."""

    match: float = 0.0
    review: float = -4.0


class Model(_Frozen):
    """A whole model. Use `load_model` or `parse_model`, which report all faults together."""

    name: str
    description: str = ""
    key: str | None = None
    pairs: Literal["all", "between"] = "all"
    # True: every source names a thing at most once; else the names of the sources that do.
    one_per_source: bool | tuple[str, ...] = False
    fields: dict[str, FieldSpec]
    blocking: tuple[BlockingSpec, ...] = Field(default=(), max_length=60)
    rarity: RaritySpec | None = None
    # Heavier keys stand in parameters as hashes: never one that fewer than 5 records share.
    heavy: int = Field(default=2_000, ge=4)
    refine: tuple[str, ...] = ()
    comparisons: tuple[ComparisonSpec, ...] = Field(min_length=1)
    groups: tuple[tuple[str, ...], ...] = ()
    vetoes: tuple[VetoSpec, ...] = ()
    thresholds: ThresholdSpec = ThresholdSpec()

    def digest(self) -> str:
        """SHA-256 of the model's meaning (hexadecimal): layout and comments of the file do not count."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def blocks(self) -> tuple[tuple[ComparisonSpec, ...], ...]:
        """Comparisons as they are weighed: each group together, every other comparison alone, in file order."""
        grouped = {label: group for group in self.groups for label in group}
        by_label = {spec.label: spec for spec in self.comparisons}
        seen: set[str] = set()
        found = []
        for spec in self.comparisons:
            if spec.label in seen:
                continue
            members = grouped.get(spec.label, (spec.label,))
            seen.update(members)
            found.append(tuple(by_label[label] for label in members))
        return tuple(found)

    def used_fields(self) -> frozenset[str]:
        """Fields that blocking, comparisons or vetoes look at."""
        names = {spec.field for spec in self.comparisons} | {veto.field for veto in self.vetoes} | set(self.refine)
        names.update(expression.field for rule in self.blocking for expression in rule.expressions())
        names.update(expression.field for expression in (self.rarity.expressions() if self.rarity else ()))
        return frozenset(names)

    def identifiers(self) -> frozenset[str]:
        """Fields whose values name one thing each: never listed in parameters, never printed by a plan."""
        return frozenset(name for name, field in self.fields.items() if field.identifier)

    def levels(self, spec: ComparisonSpec) -> tuple[Level, ...]:
        """The parsed levels of a comparison, best first, without `else`."""
        return tuple(parse_level(level, self.fields[spec.field].type) for level in spec.levels)


_SECTIONS: dict[str, type[_Frozen]] = {
    "": Model,
    "fields": FieldSpec,
    "blocking": BlockingSpec,
    "rarity": RaritySpec,
    "comparisons": ComparisonSpec,
    "vetoes": VetoSpec,
    "thresholds": ThresholdSpec,
}


def load_model(path: Path | str, *, ways: bool = True) -> Model:
    """Read a model file. Raises `ModelError` with every fault, `InputRefused` if the file cannot be read.

    Without `ways` it may lack ways to candidates: they are what is asked for.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            f"model {path}: cannot be read ({error.__class__.__name__})",
            hint="Give the path of a model file in TOML, UTF-8; an example is benchmarks/models/hospitals.toml.",
            path=str(path),
        ) from error
    return parse_model(text, where=str(path), ways=ways)


def parse_model(text: str, *, where: str = "model", ways: bool = True) -> Model:
    """Parse and check a model. Raises `ModelError` listing every fault with its line where it can be found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(where, [f"not TOML: {error}"]) from error
    try:
        model = Model.model_validate(raw)
    except ValidationError as error:
        raise ModelError(where, list(_form_and_rest(raw, text, error.errors()))) from error
    found = list(faults.of_meaning(model, text, ways=ways))
    if found:
        raise ModelError(where, found)
    return model


def _form_and_rest(raw: dict[str, Any], text: str, errors: list[Any]) -> Iterator[str]:
    """Faults of form, and those of meaning in what remains without the faulty parts, if it still is a model."""
    accepted = {section: tuple(spec.model_fields) for section, spec in _SECTIONS.items()}
    yield from faults.of_form(errors, text, accepted)
    try:
        rest = Model.model_validate(faults.without(raw, errors))
    except ValidationError:
        return
    yield from faults.of_meaning(rest, text, whole=False)


def millibits(bits: float | Fraction) -> int:
    """Bits to whole millibits, halves to the even one: Python's `round`, once, at training."""
    return round(float(bits) * 1000)
