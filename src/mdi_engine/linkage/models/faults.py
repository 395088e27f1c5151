"""What is wrong with a model, told all at once: each fault with its line and what would be accepted."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mdi_engine.linkage.models.expressions import KeyExpression, parse_key, parse_level

if TYPE_CHECKING:
    from mdi_engine.linkage.models.model import ComparisonSpec, Model

Place = tuple[str | int, ...]
# Lists whose faulty entries can be left out to look at the rest.
_LISTS = ("comparisons", "blocking", "vetoes")


def of_form(errors: Sequence[Any], text: str, accepted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Faults that pydantic found. `accepted` names the keys of each section, those of the file itself under ''."""
    for error in errors:
        loc: Place = tuple(error["loc"])
        last = next((part for part in reversed(loc) if isinstance(part, str)), "")
        place = ".".join(str(part) for part in loc) or "the file"
        if error["type"] == "extra_forbidden":
            section = str(loc[0]) if len(loc) > 1 else ""
            said = f"unknown key; accepted: {', '.join(accepted.get(section, ()))}"
        elif error["type"] == "missing":
            said = "is required"
        else:
            said = f"{error['msg']}; got {str(error['input'])[:60]!r}"
        yield f"{place}: {said}{_line(text, loc, last)}"


def without(raw: Mapping[str, Any], errors: Sequence[Any]) -> dict[str, Any]:
    """The file without what these errors point at, as far as the rest can stand without it."""
    rest = copy.deepcopy(dict(raw))
    for error in errors:
        loc = error["loc"]
        if error["type"] == "extra_forbidden":
            _delete(rest, loc)
        elif len(loc) > 1 and loc[0] in _LISTS and isinstance(loc[1], int):
            rest[loc[0]][loc[1]] = None
    for name in _LISTS:
        if isinstance(rest.get(name), list):
            rest[name] = [entry for entry in rest[name] if entry is not None]
    return rest


def _delete(rest: Any, loc: Sequence[Any]) -> None:
    for part in loc[:-1]:
        rest = rest[part]
        if rest is None:
            return
    rest.pop(loc[-1], None)


def of_meaning(model: Model, text: str, *, whole: bool = True, ways: bool = True) -> Iterator[str]:
    """Faults that only the model as a whole shows. `whole` is False if faulty parts were left out before, `ways` if it
    may be without ways to candidates.
    """
    for said, loc, needle in _of_meaning(model, whole):
        yield said + _line(text, loc, needle)
    if whole and ways and not model.blocking and model.rarity is None:
        said = "no way to candidates: give [[blocking]] rules, [rarity], or both; `mdi suggest-blocking` proposes some"
        yield said + _line(text, (), "name")


def _of_meaning(model: Model, whole: bool) -> Iterator[tuple[str, Place, str]]:
    fields = ", ".join(model.fields)
    for name, needle, said, loc in _mentions(model):
        if name not in model.fields:
            yield f"{said} names field {name!r}; the model has {fields}", loc, needle
    yield from _key_faults(model)
    for number, spec in enumerate(model.comparisons):
        if spec.field in model.fields:
            yield from _level_faults(spec, model.fields[spec.field].type, number)
    yield from _label_faults(model, whole)
    if model.thresholds.review > model.thresholds.match:
        cuts = f"review is {model.thresholds.review}, match is {model.thresholds.match}"
        yield f"thresholds: review must not lie above match; {cuts}", ("thresholds",), "review"


def _mentions(model: Model) -> Iterator[tuple[str, str, str, Place]]:
    """Every field that is named: the field, the text to look for, who names it, and where."""
    for number, spec in enumerate(model.comparisons):
        yield spec.field, spec.field, f"comparison {spec.label!r}", ("comparisons", number)
    for number, veto in enumerate(model.vetoes):
        yield veto.field, veto.field, "veto", ("vetoes", number)
    for name in model.refine:
        yield name, name, "refine", ()
    if model.key is not None:
        yield model.key, "key", "key", ()
    for text, said, loc in _keys(model):
        expression = _parsed(text)
        if expression is not None:
            yield expression.field, text, said, loc


def _keys(model: Model) -> Iterator[tuple[str, str, Place]]:
    for number, rule in enumerate(model.blocking):
        for key in rule.keys:
            yield key, f"blocking rule {rule.label!r}", ("blocking", number)
    for feature in model.rarity.features if model.rarity else ():
        yield feature, "rarity", ("rarity",)


def _parsed(text: str) -> KeyExpression | None:
    try:
        return parse_key(text)
    except ValueError:
        return None


def _key_faults(model: Model) -> Iterator[tuple[str, Place, str]]:
    for text, said, loc in _keys(model):
        try:
            parse_key(text)
        except ValueError as error:
            yield f"{said}: {error}", loc, text
    if model.rarity is None:
        return
    features = [str(expression) for text in model.rarity.features if (expression := _parsed(text))]
    for label in sorted({label for label in features if features.count(label) > 1}):
        yield f"rarity: feature {label!r} stands twice; its bits would count twice", ("rarity",), label
    for label in model.rarity.discount:
        if label not in features:
            yield f"rarity: discount of {label!r}, which is no feature; features are {', '.join(features)}", (), label


def _level_faults(spec: ComparisonSpec, kind: str, number: int) -> Iterator[tuple[str, Place, str]]:
    for level in spec.levels:
        try:
            parse_level(level, kind)
        except ValueError as error:
            yield f"comparison {spec.label!r}: {error}", ("comparisons", number), level


def _label_faults(model: Model, whole: bool) -> Iterator[tuple[str, Place, str]]:
    labels = [spec.label for spec in model.comparisons]
    for number, label in enumerate(labels):
        if label in labels[:number]:
            yield f"comparison {label!r} stands twice; give one of them another name", ("comparisons", number), label
    grouped = [label for group in model.groups for label in group]
    for label in dict.fromkeys(grouped):
        if grouped.count(label) > 1 or (whole and label not in labels):
            yield f"groups: {label!r} must name one comparison, once; comparisons are {', '.join(labels)}", (), label


def _line(text: str, loc: Place, needle: str) -> str:
    """The line to look at, as far as it can be found: in the section of `loc`, else its heading, else anywhere."""
    lines = text.splitlines()
    begin, end = _section(lines, loc)
    word = re.compile(rf"(?<!\w){re.escape(needle)}(?!\w)")
    inside = [number for number in range(begin, end) if needle and word.search(lines[number])]
    if inside:
        return f" (line {inside[0] + 1})"
    return f" (line {begin + 1})" if (begin, end) != (0, len(lines)) else ""


def _section(lines: Sequence[str], loc: Place) -> tuple[int, int]:
    """First and behind-last line of the section `loc` points into; the whole text if it has no heading of its own."""
    if not loc:
        return 0, len(lines)
    number = loc[1] if len(loc) > 1 and isinstance(loc[1], int) else 0
    names = [rf"\[\[\s*{re.escape(str(loc[0]))}\s*\]\]", rf"\[\s*{re.escape(str(loc[0]))}\s*\]"]
    if len(loc) > 1 and isinstance(loc[1], str):
        names.insert(0, rf"\[\s*{re.escape(str(loc[0]))}\s*\.\s*[\"']?{re.escape(loc[1])}[\"']?\s*\]")
    for name in names:
        found = [i for i, line in enumerate(lines) if re.match(r"\s*" + name, line)]
        if len(found) > number:
            begin = found[number]
            end = next((i for i in range(begin + 1, len(lines)) if lines[i].lstrip().startswith("[")), len(lines))
            return begin, end
    return 0, len(lines)
