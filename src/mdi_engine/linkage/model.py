"""The model: what people write down about a linkage task, as TOML, checked as a whole.

A model maps fields to columns (per file where they differ) and names blocking ways, comparisons with their levels,
thresholds and vetoes. It holds nothing learned: that is `parameters`. Grammar of the small expressions:

    key expression     NAME | first(NAME, n) | last(NAME, n) | each(NAME) | year(NAME) | metaphone(NAME)
    text level         exact | jaro >= x | jaro_winkler >= x | levenshtein <= n | osa <= n
    tokens level       same | similar | subset | overlap >= x | overlap
    date level         exact | swapped | one_digit | years <= n | same_year | same_day
    number level       exact | within n
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mdi_engine.errors import InputRefused, ModelError
from mdi_engine.linkage.expressions import KeyExpression, Level, parse_key, parse_level

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
    discount: dict[str, float] = Field(default_factory=dict)

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
    one_per_source: bool = False
    fields: dict[str, FieldSpec]
    blocking: tuple[BlockingSpec, ...] = ()
    rarity: RaritySpec | None = None
    heavy: int = Field(default=2_000, gt=1)
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

    def levels(self, spec: ComparisonSpec) -> tuple[Level, ...]:
        """The parsed levels of a comparison, best first, without `else`."""
        return tuple(parse_level(level, self.fields[spec.field].type) for level in spec.levels)


def load_model(path: Path) -> Model:
    """Read a model file. Raises `ModelError` with every fault, `InputRefused` if the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            f"model {path}: cannot be read ({error.__class__.__name__})",
            hint="Give the path of a model file in TOML, UTF-8; an example is benchmarks/models/hospitals.toml.",
            path=str(path),
        ) from error
    return parse_model(text, where=str(path))


def parse_model(text: str, *, where: str = "model") -> Model:
    """Parse and check a model. Raises `ModelError` listing every fault with its line where it can be found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(where, [f"not TOML: {error}"]) from error
    try:
        model = Model.model_validate(raw)
    except ValidationError as error:
        raise ModelError(where, [_say(fault, text) for fault in error.errors()]) from error
    faults = [fault + _line(text, needle) for fault, needle in _faults(model)]
    if faults:
        raise ModelError(where, faults)
    return model


def _say(fault: Any, text: str) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "the file"
    last = next((str(part) for part in reversed(fault["loc"]) if isinstance(part, str)), "")
    return f"{place}: {fault['msg']}{_line(text, last)}"


def _line(text: str, needle: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if needle and needle in line:
            return f" (line {number})"
    return ""


def _faults(model: Model) -> Iterator[tuple[str, str]]:
    """Faults that only the whole model shows, each with a text to look for in the file."""
    fields = ", ".join(model.fields)
    for name, where in _mentions(model):
        if name not in model.fields:
            yield f"{where} names field {name!r}; the model has {fields}", name
    if model.key is not None and model.key not in model.fields:
        yield f"key names field {model.key!r}; the model has {fields}", "key"
    if not model.blocking and model.rarity is None:
        yield "no way to candidates: give [[blocking]] rules, [rarity], or both", "name"
    labels = [spec.label for spec in model.comparisons]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        yield f"comparison {label!r} stands twice; give one of them another name", label
    grouped = [label for group in model.groups for label in group]
    for label in grouped:
        if label not in labels or grouped.count(label) > 1:
            yield f"groups: {label!r} must name one comparison, once; comparisons are {', '.join(labels)}", label
    for spec in model.comparisons:
        if spec.field in model.fields:
            yield from _level_faults(spec, model.fields[spec.field].type)


def _mentions(model: Model) -> Iterator[tuple[str, str]]:
    for spec in model.comparisons:
        yield spec.field, f"comparison {spec.label!r}"
    for veto in model.vetoes:
        yield veto.field, "veto"
    for name in model.refine:
        yield name, "refine"
    texts: Iterable[tuple[str, str]] = [
        (key, f"blocking rule {rule.label!r}") for rule in model.blocking for key in rule.keys
    ]
    for key, where in [*texts, *((f, "rarity") for f in (model.rarity.features if model.rarity else ()))]:
        try:
            yield parse_key(key).field, where
        except ValueError as error:
            raise ModelError("model", [f"{where}: {error}"]) from error


def _level_faults(spec: ComparisonSpec, kind: str) -> Iterator[tuple[str, str]]:
    for level in spec.levels:
        try:
            parse_level(level, kind)
        except ValueError as error:
            yield f"comparison {spec.label!r}: {error}", level


def millibits(bits: float | Fraction) -> int:
    """Bits to whole millibits, half away from nothing: Python's `round`, once, at training."""
    return round(float(bits) * 1000)
