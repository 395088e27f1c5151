"""What a newer list of regions makes of the tables in force: checked first, then compared, then written anew.

Kept from the tables in force, where a code goes on: the name as spelt, aliases, and the BPS code. A name that was
changed becomes an alias of the new one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mdi_engine.reference.change import Change, ListUpdate, Tables
from mdi_engine.reference.incoming import Line
from mdi_engine.reference.succession import LEVEL_NAMES, LEVELS, PARENT, changes, is_city, same_name
from mdi_engine.reference.tables import Row

_CODE = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10}")
_DOTTED = re.compile(r"[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?")
_KIND = re.compile(r"(kabupaten|kab\.?|kota)\s+(?:(?:administrasi|adm\.?)\s+)?", re.IGNORECASE)
_ROMAN = re.compile(r"[IVXL]+")
_BPS = {2: re.compile("[0-9]{2}"), 4: re.compile("[0-9]{4}")}


@dataclass(frozen=True, slots=True)
class Region:
    """A row of the list: bare code, name without the word for its kind, BPS code if stated, codes it takes over."""

    line: int
    code: str
    name: str
    bps: str | None
    replaces: tuple[str, ...]


def regions_of(lines: Iterable[Line], faults: list[str]) -> list[Region]:
    """The rows as regions; what is wrong with a row is added to `faults`, and the row left out.

    Codes may be dotted (11.01.02.2007). Every code has its parent in the list, and stands once.
    """
    found: dict[str, Region] = {}
    for line in lines:
        region = Region(line.number, _bare(line["code"]), *_named(line), tuple(map(_bare, line["replaces"].split())))
        if wrong := _wrong(line, region, found):
            faults.append(f"line {line.number}: {wrong}")
        else:
            found[region.code] = region
    for code, region in found.items():
        parent = code[: PARENT[len(code)]]
        if parent and parent not in found:
            faults.append(f"line {region.line}: {code} has no parent {parent} in the list")
    return list(found.values())


def _bare(text: str) -> str:
    return text.replace(".", "") if _DOTTED.fullmatch(text) else text


def _named(line: Line) -> tuple[str, str | None]:
    name, code = line["name"], _bare(line["code"])
    bare = _KIND.sub("", name, count=1) if len(code) == 4 and _KIND.match(name) else name
    return bare, line["bps"] or None


def _wrong(line: Line, region: Region, found: Mapping[str, Region]) -> str | None:
    code = region.code
    if not _CODE.fullmatch(code):
        return "the code has not 2, 4, 6 or 10 digits"
    if code in found:
        return f"{code} stands in line {found[code].line} already"
    if not any(map(str.isalnum, region.name)):
        return f"{code} has no name"
    if len(code) == 10 and code[6] not in "123":
        return f"{code} is of no kind of village: its 7th digit is not 1, 2 or 3"
    kind = _KIND.match(line["name"]) if len(code) == 4 else None
    if kind and (kind[1].lower() == "kota") != is_city(code):
        return f"{code} is a code of a {'kota' if is_city(code) else 'kabupaten'}, and the name says otherwise"
    if region.bps and not (len(code) in _BPS and _BPS[len(code)].fullmatch(region.bps)):
        return f"{code}: the BPS code has not as many digits"
    return None


def update_regions(now: Tables, lines: Iterable[Line], faults: list[str], last_seen: int) -> ListUpdate:
    """Put a list in place of the tables `now`, published last in the year `last_seen`.

    Without villages in the list, those in force go on under districts that stay. A kab/kota that is gone needs a code
    that follows it: of the same name, or one that names it in `replaces`; else that is added to `faults`. If a row is
    wrong, nothing is compared and no table made.
    """
    regions = _as_spelt_before(now, regions_of(lines, faults))
    if faults:
        return ListUpdate({}, {})
    new = {region.code: region.name for region in regions}
    if not any(len(code) == 10 for code in new):
        new |= {code: name for code, name in _names(now["villages"]) if code[:6] in new}
    old = {code: name for level in LEVELS for code, name in _names(now[LEVEL_NAMES[level]])}
    stated = _stated(regions, old, new, now, faults)
    found = changes(old, new, stated)
    faults += [
        f"{code} ({name}) is gone and nothing follows it; say which code does, in a column `replaces`"
        for code, name in found[4].gone.items()
        if found[4].follows[code] is None
    ]
    follows = {code: then for change in found.values() for code, then in change.follows.items()} | stated
    tables = {
        "provinces": list(_provinces(now, regions, found)),
        "kabkota": list(_kabkota(now, regions, follows)),
        "kecamatan": _plain(new, 6),
        "villages": _plain(new, 10),
    }
    for level in (4, 6, 10):
        table = LEVEL_NAMES[level]
        tables[f"{table}_retired"] = list(_retired(now, table, found[level], follows, new, last_seen))
    tables["kecamatan_retired"] = list(_with_villages(tables["kecamatan_retired"], old, new))
    faults += [*_twice(tables["provinces"]), *_twice(tables["kabkota"])]
    once = {str(row["code"]) for level in (4, 6, 10) for row in now[f"{LEVEL_NAMES[level]}_retired"]}
    changed = {LEVEL_NAMES[level]: change for level, change in found.items()}
    notes = tuple(f"{code} ({new[code]}) was retired and is in use again" for code in sorted(once & set(new)))
    return ListUpdate(tables, changed, notes)


def _twice(rows: Iterable[Row]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for row in rows:
        first = seen.setdefault(row["bps"] or str(row["code"]), str(row["code"]))
        if row["bps"] and first != row["code"]:
            yield f"{row['code']} has the BPS code of {first}"


def _names(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    return ((str(row["code"]), str(row["name"])) for row in rows)


def _as_spelt_before(now: Tables, regions: Sequence[Region]) -> list[Region]:
    """Names as the tables spell them where they are the same, or an alias; capitals all over become a name's."""
    before = {str(row["code"]): row for level in LEVELS for row in now[LEVEL_NAMES[level]]}
    return [
        Region(region.line, region.code, _spelt(region.name, before.get(region.code)), region.bps, region.replaces)
        for region in regions
    ]


def _spelt(name: str, before: Row | None) -> str:
    if before is not None:
        old = str(before["name"])
        others = (before.get("aliases") or "").split("|")
        if name == old or same_name(name) in map(same_name, [old, *others]):
            return old
    if name.upper() != name:
        return name
    return " ".join(word if _ROMAN.fullmatch(word) else word.capitalize() for word in name.split())


def _stated(
    regions: Iterable[Region], old: Mapping[str, str], new: Mapping[str, str], now: Tables, faults: list[str]
) -> dict[str, str]:
    """What the column `replaces` says: by the code that is gone, now or long since, the code that follows."""
    known = set(old) | {str(row["code"]) for level in (4, 6, 10) for row in now[f"{LEVEL_NAMES[level]}_retired"]}
    found: dict[str, str] = {}
    for region in regions:
        for code in region.replaces:
            if code in new or code not in known or len(code) != len(region.code) or code in found:
                faults.append(
                    f"line {region.line}: {region.code} cannot replace {code}, which is {_why(code, new, found)}"
                )
            else:
                found[code] = region.code
    return found


def _why(code: str, new: Mapping[str, str], found: Mapping[str, str]) -> str:
    if code in new:
        return "in the list itself"
    return f"replaced by {found[code]}" if code in found else "no code of its level"


def _plain(new: Mapping[str, str], level: int) -> list[Row]:
    return [{"code": code, "name": name} for code, name in sorted(new.items()) if len(code) == level]


def _provinces(now: Tables, regions: Iterable[Region], found: Mapping[int, Change]) -> Iterator[Row]:
    rows = {str(row["code"]): row for row in now["provinces"]}
    for region in sorted((one for one in regions if len(one.code) == 2), key=lambda one: one.code):
        row = rows.get(region.code)
        parents = Counter(code[:2] for code, then in found[4].follows.items() if then and then[:2] == region.code)
        parent = None if row or not parents else min(parents, key=lambda code: (-parents[code], code))
        before = (rows[parent]["old"] or parent) if parent in rows else None
        yield {
            "code": region.code,
            "name": region.name,
            "bps": region.bps or (row["bps"] if row else None),
            "old": row["old"] if row else before,
            "aliases": _aliases(row, region.name),
        }


def _kabkota(now: Tables, regions: Iterable[Region], follows: Mapping[str, str | None]) -> Iterator[Row]:
    rows = {str(row["code"]): row for row in now["kabkota"]}
    before = {then: code for code, then in sorted(follows.items()) if then and code in rows}
    for region in sorted((one for one in regions if len(one.code) == 4), key=lambda one: one.code):
        row = rows.get(region.code) or rows.get(before.get(region.code, ""))
        yield {
            "code": region.code,
            "kind": "kota" if is_city(region.code) else "kabupaten",
            "name": region.name,
            "bps": region.bps or (row["bps"] if row else None),
            "old": before.get(region.code) or (row["old"] if row else None),
            "aliases": _aliases(row, region.name),
        }


def _aliases(row: Row | None, name: str) -> str | None:
    if row is None:
        return None
    names = [*((row["aliases"] or "").split("|")), *([str(row["name"])] if row["name"] != name else [])]
    return "|".join(dict.fromkeys(other for other in names if other and other != name)) or None


def _retired(
    now: Tables, table: str, change: Change, follows: Mapping[str, str | None], new: Mapping[str, str], last_seen: int
) -> Iterator[Row]:
    """Codes that were retired before, led on to where they lead today, and those that this list retires."""
    for row in now[f"{table}_retired"]:
        code, then = str(row["code"]), row["successor"]
        if code not in new:
            then = follows[code] if code in follows else follows.get(then, then) if then else None
            yield {**row, "successor": then}
    for code, name in change.gone.items():
        row = {"code": code, "name": name, "successor": follows[code], "last_seen": str(last_seen)}
        yield {**row, "kind": "kota" if is_city(code) else "kabupaten"} if table == "kabkota" else row


def _with_villages(rows: Sequence[Row], old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Row]:
    """Districts with how many of their villages, by name, their successor has: where it is not known yet."""
    before = _villages_of({str(row["code"]) for row in rows}, old)
    after = _villages_of({row["successor"] or "" for row in rows}, new)
    for row in rows:
        mine = before.get(str(row["code"]))
        if mine is not None:
            theirs = after.get(row["successor"] or "", set())
            row = {**row, "shared": str(len(mine & theirs)) if row["successor"] else None, "villages": str(len(mine))}
        yield row


def _villages_of(districts: set[str], names: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for code, name in names.items():
        if len(code) == 10 and code[:6] in districts:
            found.setdefault(code[:6], set()).add(same_name(name))
    return found
