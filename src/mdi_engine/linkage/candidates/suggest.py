"""Blocking rules proposed from value counts and a budget of pairs, without labels.

Conjunctions of key expressions over the model's fields are counted in closed form, Σ n(n-1)/2 over their keys; what
each would find is tried on imagined matches. Rules are then taken one by one, the one that finds most new matches per
pair first, until the budget is spent or nothing is gained.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.candidates.counts import apart, pairs_of, thinned
from mdi_engine.linkage.candidates.imagined import IMAGINED, Bools, Imagined
from mdi_engine.linkage.candidates.keys import Expanded, Posting, expand, find_refinement, groups, refine, rule_postings
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import BlockingSpec, Model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Column, Records

PAIRS_PER_RECORD = 50  # the budget where none is given
MOST_RULES = 12
LEAST_GAIN = 0.002  # a rule that finds less than this share of the matches anew is not worth its line
_SCREENED = 50_000  # rows that all rules are counted on; those chosen are counted on all
_SHORTENED = 2_000  # values that tell whether an expression shortens them
_LONGEST = 3  # key expressions in a rule
_FUNCTIONS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "text": (("value", 0), ("first", 3)),
    "tokens": (("value", 0), ("each", 0), ("first", 4)),
    "date": (("value", 0), ("year", 0), ("last", 5)),
    "number": (("value", 0),),
}


@dataclass(frozen=True)
class Proposal:
    """One proposed rule. `pairs` and `largest` (records under one key) are as the run would have them, heavy keys
    divided; `covered` is the share of records with a key, `finds` that of matches (0..1), `new` of those found by no
    rule before.
    """

    keys: tuple[str, ...]
    pairs: int
    largest: int
    covered: float
    finds: float
    new: float
    divided: bool


@dataclass(frozen=True)
class Suggestion:
    """The proposed rules, best first. `pairs` under all of them never exceeds `budget`; `recall` is the share of
    matches they are expected to find (0..1), by learned chances if `learned`, else by assumed ones.
    """

    records: int
    total_pairs: int
    budget: int
    rules: tuple[Proposal, ...]
    recall: float
    learned: bool
    fields: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """Pairs under all rules, a pair counted once for each key it shares."""
        return sum(rule.pairs for rule in self.rules)

    def toml(self) -> str:
        """The rules as a piece of a model file, each with its figures in a comment."""
        heads = [f"[[blocking]]\nkeys = [{', '.join(map(json.dumps, rule.keys))}]" for rule in self.rules]
        return "".join(f"{head}\n{_figures(rule)}\n\n" for head, rule in zip(heads, self.rules, strict=True))


def _figures(rule: Proposal) -> str:
    """A rule's figures as comments."""
    lines = [
        f"{rule.pairs:,} pairs; at most {rule.largest:,} records under one key; {rule.covered:.1%} of all have one",
        f"expected to find {rule.finds:.1%} of the matches, {rule.new:.1%} that no rule above finds",
        *(["heavy keys will be divided by further fields"] if rule.divided else []),
    ]
    return "\n".join(f"# {line}" for line in lines)


@dataclass(frozen=True)
class _Task:
    records: Records
    model: Model
    budget: int


@dataclass(frozen=True)
class _Idea:
    """A conjunction with the imagined matches it finds (`hits`) and the pairs it costs, known or estimated."""

    expressions: tuple[KeyExpression, ...]
    pairs: int
    hits: Bools


_Chosen = tuple[_Idea, Proposal]


def suggest(
    records: Records,
    model: Model,
    *,
    budget: int | None = None,
    fields: Sequence[str] = (),
    parameters: Parameters | None = None,
) -> Suggestion:
    """Propose rules for these records. `budget` in pairs (default 50 a record); `fields` may be used beside those the
    model looks at already. With `parameters`, the chances are those that training learned.

    Empty rules if no conjunction finds anything within the budget.
    """
    task = _Task(records, model, PAIRS_PER_RECORD * len(records) if budget is None else budget)
    used = tuple(
        sorted(f for f in model.used_fields() | set(fields) if f != model.key and _divides(records.columns[f]))
    )
    ideas = _ideas(task, used, Imagined(records, model, used, parameters))
    rules = _prune(_choose(task, ideas))
    found = functools.reduce(np.logical_or, (idea.hits for idea, _ in rules), np.zeros(IMAGINED, dtype=bool))
    total = records.total_pairs(model.pairs == "between")
    return Suggestion(
        len(records), total, task.budget, tuple(_told(rules)), float(found.mean()), parameters is not None, used
    )


def _divides(column: Column) -> bool:
    """Whether a field can tell records apart and bring some together: two values at least, and one that repeats."""
    return 1 < len(column.values) < int((column.codes >= 0).sum())


def _expressions(task: _Task, fields: Sequence[str]) -> list[KeyExpression]:
    """What these fields may be blocked on."""
    found = []
    for field in fields:
        spec = task.model.fields[field]
        all_of_it = [KeyExpression(field, *rest) for rest in _FUNCTIONS["number" if spec.identifier else spec.type]]
        found += [expression for expression in all_of_it if _shortens(task.records.columns[field], expression)]
    return found


def _shortens(column: Column, expression: KeyExpression) -> bool:
    """Whether an expression brings values together that differ; the value itself needs not."""
    if expression.function == "value":
        return True
    some = column.values[:: -(-len(column.values) // _SHORTENED)]
    texts = [expression.keys(value) for value in some]
    return len({text for each in texts for text in each}) < 0.9 * sum(map(len, texts))


def _ideas(task: _Task, fields: Sequence[str], matches: Imagined) -> list[_Idea]:
    """Conjunctions worth a thought, counted on a sample. One that is cheap already is not made longer."""
    records, times = thinned(task.records, _SCREENED)
    some = dataclasses.replace(task, records=records)
    pool = _expressions(task, fields)
    agree = {expression: matches.agree(expression) for expression in pool}
    texts = {expression: expand(records, expression) for expression in pool}
    ideas: list[_Idea] = []
    longer: list[tuple[KeyExpression, ...]] = [()]
    for _ in range(_LONGEST):
        tried = [(*start, e) for start in longer for e in _after(start, pool)]
        longer = []
        for expressions in tried:
            pairs, crowded = _count(some, expressions, texts, times)
            hits = np.logical_and.reduce([*(agree[e] for e in expressions), matches.outside(crowded)])
            if hits.mean() < LEAST_GAIN:
                continue
            if pairs <= task.budget:
                ideas.append(_Idea(expressions, pairs, hits))
            if pairs > len(task.records):
                longer.append(expressions)
    return ideas


def _after(start: tuple[KeyExpression, ...], expressions: Sequence[KeyExpression]) -> Iterator[KeyExpression]:
    """Expressions of the fields that come after those of `start`: so each conjunction is made once."""
    return (e for e in expressions if not start or e.field > start[-1].field)


def _count(
    task: _Task, expressions: Sequence[KeyExpression], texts: Mapping[KeyExpression, Expanded], times: int
) -> tuple[int, float]:
    """Pairs a conjunction makes in all records, and the share of records whose key is heavy (0..1).

    Heavy keys will be divided to `heavy` records or fewer; their pairs are taken as not found.
    """
    plain = rule_postings(task.records, _rule(expressions), 0, lambda _, expression: texts[expression])
    size = groups(plain)[1]
    light = size * times <= task.model.heavy
    kept = Posting(plain.rows[np.repeat(light, size)], plain.keys[np.repeat(light, size)])
    crowd = int(size[~light].sum())
    pairs = pairs_of(kept, apart(task.records, task.model)) * times**2 + crowd * times * task.model.heavy // 2
    return pairs, min(crowd / max(len(task.records), 1), 1.0)


def _rule(expressions: Sequence[KeyExpression]) -> BlockingSpec:
    return BlockingSpec(keys=tuple(map(str, expressions)))


def _choose(task: _Task, ideas: Sequence[_Idea]) -> list[_Chosen]:
    """Greedily: most new matches per pair (and one pair's cost per record, for a rule is never free)."""
    open_ideas, chosen, left = list(ideas), list[_Chosen](), task.budget
    found = np.zeros(IMAGINED, dtype=bool)
    while len(chosen) < MOST_RULES:
        open_ideas = [idea for idea in open_ideas if idea.pairs <= left and _gain(idea, found) >= LEAST_GAIN]
        if not open_ideas:
            break
        best = max(open_ideas, key=lambda idea: _gain(idea, found) / (idea.pairs + len(task.records)))
        open_ideas.remove(best)
        counted = _counted(task, best)
        if counted.pairs <= left:  # the sample may have taken it for cheaper than it is
            chosen.append((best, counted))
            found |= best.hits
            left -= counted.pairs
    return chosen


def _gain(idea: _Idea, found: Bools) -> float:
    return float((idea.hits & ~found).mean())


def _prune(rules: Sequence[_Chosen]) -> list[_Chosen]:
    """Without the rules that those taken after them have made idle."""
    kept = list(rules)
    for chosen in rules:
        others = [other.hits for other, _ in kept if other is not chosen[0]]
        if others and _gain(chosen[0], np.logical_or.reduce(others)) < LEAST_GAIN:
            kept = [other for other in kept if other is not chosen]
    return kept


def _counted(task: _Task, idea: _Idea) -> Proposal:
    """The rule as the run would have it, its heavy keys divided; `new` is still all it finds."""
    rule, source = _rule(idea.expressions), apart(task.records, task.model)
    final = plain = rule_postings(task.records, rule, 0)
    if groups(plain)[1].max(initial=0) > task.model.heavy:
        model = task.model.model_copy(update={"blocking": (rule,)})
        steps = find_refinement(task.records, model)[0]
        final = functools.reduce(functools.partial(refine, task.records), steps, plain)
    largest = int(groups(final)[1].max(initial=0))
    covered = len(np.unique(final.rows)) / max(len(task.records), 1)
    finds = float(idea.hits.mean())
    return Proposal(rule.keys, pairs_of(final, source), largest, covered, finds, finds, final is not plain)


def _told(rules: Sequence[_Chosen]) -> Iterator[Proposal]:
    """The proposals with what each finds that those before it do not."""
    found = np.zeros(IMAGINED, dtype=bool)
    for idea, rule in rules:
        yield dataclasses.replace(rule, new=_gain(idea, found))
        found |= idea.hits
