"""The suite notices: each of these single faults in the engine makes some test of this folder fail.

The faults are put into a copy of the engine, one at a time, and the copy's own tests are run. All of them run with
`make test-long`; otherwise only that each fault still has its place in the engine.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.policy.made import LONG

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
ENGINE = Path("gateway/policy")
NEEDED = [Path("gateway/__init__.py"), Path("gateway/domain"), ENGINE, HERE.relative_to(ROOT), Path("pyproject.toml")]
AT_LEAST = 39
# The tables first: they fail soonest.
SUITE = ["operators", "conditions", "patterns", "variables", "principals", "evaluate", "explain", "index", "document"]
SUITE += ["oracle"]

FAULTS: list[tuple[str, str, str]] = [
    # Operators.
    ("operators", '"StringEquals": Operator(compile=_texts(_exactly))', '"StringEquals": Operator(compile=_globs)'),
    ("operators", '"StringEquals": Operator(compile=_texts(_exactly))', '"StringEquals": Operator(compile=_texts(str.lower))'),
    ("operators", '"StringNotEquals": Operator(compile=_texts(_exactly), negated=True)', '"StringNotEquals": Operator(compile=_texts(_exactly))'),
    ("operators", '"StringEqualsIgnoreCase": Operator(compile=_texts(str.lower))', '"StringEqualsIgnoreCase": Operator(compile=_texts(_exactly))'),
    ("operators", '"StringNotEqualsIgnoreCase": Operator(compile=_texts(str.lower), negated=True)', '"StringNotEqualsIgnoreCase": Operator(compile=_texts(_exactly), negated=True)'),
    ("operators", '"StringLike": Operator(compile=_globs)', '"StringLike": Operator(compile=_texts(_exactly))'),
    ("operators", '"StringNotLike": Operator(compile=_globs, negated=True)', '"StringNotLike": Operator(compile=_globs)'),
    ("operators", '"NumericEquals": Operator(compile=_numbers(operator.eq))', '"NumericEquals": Operator(compile=_texts(_exactly))'),
    ("operators", '"NumericNotEquals": Operator(compile=_numbers(operator.eq), negated=True)', '"NumericNotEquals": Operator(compile=_numbers(operator.ne))'),
    ("operators", '"NumericLessThan": Operator(compile=_numbers(operator.lt))', '"NumericLessThan": Operator(compile=_numbers(operator.le))'),
    ("operators", '"NumericLessThanEquals": Operator(compile=_numbers(operator.le))', '"NumericLessThanEquals": Operator(compile=_numbers(operator.lt))'),
    ("operators", '"NumericGreaterThan": Operator(compile=_numbers(operator.gt))', '"NumericGreaterThan": Operator(compile=_numbers(operator.lt))'),
    ("operators", '"NumericGreaterThanEquals": Operator(compile=_numbers(operator.ge))', '"NumericGreaterThanEquals": Operator(compile=_numbers(operator.gt))'),
    ("operators", '"DateEquals": Operator(compile=_dates(operator.eq))', '"DateEquals": Operator(compile=_texts(_exactly))'),
    ("operators", '"DateNotEquals": Operator(compile=_dates(operator.eq), negated=True)', '"DateNotEquals": Operator(compile=_dates(operator.eq))'),
    ("operators", '"DateLessThan": Operator(compile=_dates(operator.lt))', '"DateLessThan": Operator(compile=_dates(operator.gt))'),
    ("operators", '"DateLessThanEquals": Operator(compile=_dates(operator.le))', '"DateLessThanEquals": Operator(compile=_dates(operator.lt))'),
    ("operators", '"DateGreaterThan": Operator(compile=_dates(operator.gt))', '"DateGreaterThan": Operator(compile=_dates(operator.ge))'),
    ("operators", '"DateGreaterThanEquals": Operator(compile=_dates(operator.ge))', '"DateGreaterThanEquals": Operator(compile=_dates(operator.gt))'),
    ("operators", '"Bool": Operator(compile=_booleans)', '"Bool": Operator(compile=_texts(_exactly))'),
    ("operators", " and given.lower() in _BOOLEANS", ""),
    ("operators", '"BinaryEquals": Operator(compile=_compared(operator.eq, scalars.octets, _NO_BYTES))', '"BinaryEquals": Operator(compile=_globs)'),
    ("operators", '"IpAddress": Operator(compile=_addresses)', '"IpAddress": Operator(compile=_texts(_exactly))'),
    ("operators", '"NotIpAddress": Operator(compile=_addresses, negated=True)', '"NotIpAddress": Operator(compile=_addresses)'),
    ("operators", '"ArnEquals": Operator(compile=_arns)', '"ArnEquals": Operator(compile=_texts(_exactly))'),
    ("operators", '"ArnNotEquals": Operator(compile=_arns, negated=True)', '"ArnNotEquals": Operator(compile=_arns)'),
    ("operators", '"ArnLike": Operator(compile=_arns)', '"ArnLike": Operator(compile=_globs)'),
    ("operators", '"ArnNotLike": Operator(compile=_arns, negated=True)', '"ArnNotLike": Operator(compile=_globs, negated=True)'),
    # Scalars.
    ("scalars", "and not _YEAR.fullmatch(text)", ""),
    ("scalars", '(-1 if sign == "-" else 1)', "(1 if sign == '-' else -1)"),
    ("scalars", " + Decimal(fraction or 0)", ""),
    ("scalars", "validate=True", "validate=False"),
    ("scalars", "strict=False", "strict=True"),
    ("scalars", "found = found.ipv4_mapped\n", "pass\n"),
    ("scalars", "if of == version and value >> bits == base:", "if value >> bits == base:"),
    ("scalars", "found.prefixlen >= _MAPPED_BITS", "found.prefixlen > 128"),
    # Conditions.
    ("conditions", "return self.text in context", "return self.text in str(context.values) or self.text in context"),
    ("conditions", "return not self.texts.isdisjoint(", "return self.texts.issuperset("),
    ("conditions", "return not self.texts.isdisjoint(", "return self.texts.isdisjoint("),
    ("conditions", "                return True\n        return False", "                return True\n        return True"),
    ("conditions", "                return True\n        return False", "            break\n        return False"),
    ("conditions", "                return False\n        return True", "                return False\n        return False"),
    ("conditions", "_Is(key, *test) if len(test) == 1 else", "_Is(key, min(test, default='')) if test else"),
    ("conditions", "return _NoneMatches(key, test) if negated else", "return"),
    ("conditions", "not all(test(value, context) for", "not any(test(value, context) for"),
    ("conditions", "not all(test(value, context) for", "not context.values.get(key) or not all(test(value, context) for"),
    ("operators", "return OneOf(pattern.prefix for", "return OneOf(pattern.suffix + pattern.prefix for"),
    ("operators", "if all(pattern.exact for pattern in patterns):", "if any(pattern.exact for pattern in patterns):"),
    ("patterns", "    return text.startswith(start)\n", "    return text.endswith(start)\n"),
    ("conditions", "return not any(values) or all(", "return bool(values) and all("),
    ("conditions", "return not any(values) or all(", "return not values or all("),
    ("conditions", "return not any(values) or all(", "return not any(values) or any("),
    ("conditions", "key not in context.values or inner(context)", "inner(context)"),
    ("conditions", "key not in context.values or inner(context)", "key not in context.values"),
    ("conditions", '{"true": True, "false": False}', '{"true": False, "false": True}'),
    ("conditions", "compile_values(key.lower(), sources)", "compile_values(key, sources)"),
    ("context", "{key.lower(): ", "{key: "),
    ("context", "if () in values.values():", "if False:"),
    # Variables and patterns.
    ("variables", "return values[0] if len(values) == 1 else None", "return values[0]"),
    ("variables", "            return self.default", "            return None"),
    ("variables", "while self.has_variables and", "while"),
    ("variables", "key=match[2].strip().lower()", "key=match[2].strip()"),
    ("variables", "yield piece.group(1) if isinstance(piece, re.Match) else piece", "yield Wild.MANY if isinstance(piece, re.Match) else piece"),
    ("patterns", "    return start >= at and _end_at", "    return _end_at"),
    ("patterns", "        return at == len(text)", "        return at >= 0"),
    ("patterns", "        at += len(piece) + 1", "        at += len(piece)"),
    ("patterns", "& (places.get(text[end], 0) | gaps)", "& places.get(text[end], 0)"),
    ("patterns", "len(text) >= least and ", ""),
    ("patterns", 'pieces = token.split(":", _ARN_PARTS - len(parts))', "pieces = [token]"),
    ("patterns", "return len(given) == _ARN_PARTS and all(", "return len(given) == _ARN_PARTS and any("),
    ("patterns", "is_arn(text) and inner.matches", "inner.matches"),
    # Statements and principals.
    ("selection", "text=one.text.lower()", "text=one.text"),
    ("selection", "not selects(text, context)", "selects(text, context)"),
    ("selection", "text in exact or any(", "text in exact and any("),
    ("statement", "if not self.actions.selects(action, context):\n            return False", "pass"),
    ("statement", "if self.resources is not None and not", "if False and not"),
    ("statement", "if self.principals is not None and not", "if False and not"),
    ("statement", "if not condition.holds(context):\n                return False", "if condition.holds(context):\n                return True"),
    ("statement", "        if self.allows:\n            return not self.principals.names_some_of(query.principal)\n", ""),
    ("statement", "return not self.principals.names_all_of(query.principal)", "return not self.principals.names_some_of(query.principal)"),
    ("principals", "return caller.account in self.accounts and caller.arns", "return caller.arns"),
    ("principals", "caller.arns - ids <= self.arns", "bool(caller.arns & self.arns)"),
    ("principals", "return max(_reach_of", "return min(_reach_of"),
    ("principals", "return Reach.LIMITED if is_session else", "return"),
    ("principals", "        return Reach.DIRECT\n    # A role", "        return Reach.LIMITED\n    # A role"),
    ("principals", "Reach.DELEGATED if caller.account in self.accounts", "Reach.LIMITED if caller.account in self.accounts"),
    ("principals", "(self.any_provider and caller.federated)", "self.any_provider"),
    # Evaluation.
    ("evaluate", "    if denies:\n        return Decision(allowed=False, matched", "    if denies and not allows:\n        return Decision(allowed=False, matched"),
    ("evaluate", "allowed=not missing", "allowed=bool(allows)"),
    ("evaluate", "            missing.append(name)", "            continue"),
    ("evaluate", "        if policies is None:", "        if not policies:"),
    ("evaluate", "(_BOUNDARY, boundary), ", ""),
    ("evaluate", ", (_SESSION, session)", ""),
    ("evaluate", "query.principal.account == owner", "True"),
    ("evaluate", "Reach.LIMITED: frozenset({PolicySet.RESOURCE, PolicySet.IDENTITY})", "Reach.LIMITED: frozenset(PolicySet)"),
    ("evaluate", "Reach.DELEGATED: frozenset({PolicySet.RESOURCE})", "Reach.DELEGATED: frozenset({PolicySet.RESOURCE, PolicySet.IDENTITY})"),
    ("evaluate", "Reach.DIRECT: frozenset(PolicySet)", "Reach.DIRECT: frozenset({PolicySet.RESOURCE, PolicySet.IDENTITY})"),
    ("evaluate", "Reach.LIMITED: frozenset({PolicySet.IDENTITY})", "Reach.LIMITED: frozenset({PolicySet.IDENTITY, PolicySet.SESSION})"),
    ("evaluate", "Reach.DIRECT: frozenset({PolicySet.IDENTITY})", "Reach.DIRECT: frozenset({PolicySet.IDENTITY, PolicySet.SESSION})"),
    ("evaluate", "Reach.NONE: frozenset(),", "Reach.NONE: frozenset({PolicySet.TRUST}),"),
    ("evaluate", "        return Reach.DELEGATED\n    return statement", "        return Reach.DIRECT\n    return statement"),
    ("evaluate", "matched = [statement for statement in statements if statement.matches_folded(action, query)]", "matched = [one for one in statements if one.allows and one.matches_folded(action, query)]"),
    # The index.
    ("index", "selection is None or selection.excluded", "selection is None"),
    ("index", "            if all(text for _, _, text in choice):", "            if any(text for _, _, text in choice):"),
    ("index", '_ASKING: Final = frozenset({"StringEquals", ', '_ASKING: Final = frozenset({"StringNotEquals", "StringEquals", '),
    ("index", "and not any(_VARIABLE in value for value in condition.values)", ""),
    ("index", "            found = sorted(set(found))", "            pass"),
    # The grammar.
    ("document", "{number}].Sid", "{number}]"),
    ("document", 'document.get("Version", _VERSIONS[0])', 'document.get("Version", _VERSIONS[1])'),
    ("document", "if given and self.kind not in _KINDS_WITH[pair]:", "if False:"),
    ("document", "if not given and self.kind in _KINDS_WITH[pair]:", "if not given and pair == _ACTION:"),
    ("document", "if len(given) > 1:", "if False:"),
    ("elements", "    if isinstance(value, Repeated):", "    if False:"),
    ("elements", "        if name not in known:", "        if name.title() not in known:"),
    ("elements", "    if not value:\n        raise", "    if value is None:\n        raise"),
    ("json_text", "if len(source) > MAXIMUM_LENGTH:", "if False:"),
    ("principals", "if source.text != EVERYBODY and not _FEDERATED", "if False and not _FEDERATED"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "right", "wrong"), FAULTS, ids=[f"{one[0]}-{at}" for at, one in enumerate(FAULTS)])
def test_a_fault_has_its_place_in_the_engine(module: str, right: str, wrong: str) -> None:
    source = (ROOT / ENGINE / f"{module}.py").read_text(encoding="utf-8")

    assert source.count(right) == 1
    assert right != wrong


def copied(source: Path, to: Path) -> Path:
    for path in NEEDED:
        if (source / path).is_dir():
            shutil.copytree(source / path, to / path)
        else:
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / path, to / path)
    return to


def passes(place: Path) -> bool:
    files = [str(HERE.relative_to(ROOT) / f"test_{name}.py") for name in SUITE]
    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", f"--rootdir={place}"]
    environment = {name: value for name, value in os.environ.items() if name != "STS_GATEWAY_LONG"}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=place,
        env=environment,
        capture_output=True,
        timeout=600,
        check=False,
    )
    # 1: tests failed; 2: the engine could not even be imported, or a table of the tests was not built.
    assert run.returncode in {0, 1, 2}, run.stdout.decode()
    return run.returncode == 0


def survives(number: int, right_place: Path) -> bool:
    module, right, wrong = FAULTS[number]
    # What the first run has compiled is copied too, else compiling would take longer than testing.
    place = copied(right_place, right_place.with_name(str(number)))
    path = place / ENGINE / f"{module}.py"
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    survived = passes(place)
    shutil.rmtree(place)
    return survived


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.skipif(not LONG, reason="runs in `make test-long`")
def test_every_fault_is_noticed(tmp_path: Path) -> None:
    right_place = copied(ROOT, tmp_path / "right")
    assert passes(right_place)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survived = list(pool.map(lambda number: survives(number, right_place), range(len(FAULTS))))

    print(f"{len(FAULTS) - sum(survived)} of {len(FAULTS)} single faults of the engine are noticed")
    assert [FAULTS[number] for number, alive in enumerate(survived) if alive] == []
    assert len(FAULTS) >= AT_LEAST
