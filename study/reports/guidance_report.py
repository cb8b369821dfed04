"""The ledger's report, as one HTML page and as Markdown, from what `guidance.json` holds.

Every word comes from `words.py` or from the ledger; the templates lay them out and escape them.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from study.guidance.lab import starts as rules
from study.notation import number
from study.reports import words
from study.reports.words import COMMON, STRINGS, Lang

# The first screen's lists, in the order in which a reader can use them.
LISTS = (
    "remedy supported",
    "remedy depends",
    "warning supported",
    "warning depends",
    "remedy contradicted",
    "warning contradicted",
    "inconclusive",
)
BETA_CLAIM = "beta-near-0.9"
# A problem's table is there to be looked up; beyond this many cells the JSON serves better.
MOST_ROWS = 80

Practical = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=%|points|个百分点)|(?<=n) (?== \d)|(?<=n =) (?=\d)")
_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_[]|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "}
)
_loader = PackageLoader("study.reports")


def _held_together(value: Any) -> Any:
    """Text whose numbers are not parted from their units at a line's end."""
    return _BEFORE_UNIT.sub("\u00a0", value) if type(value) is str else value


_html = Environment(
    loader=_loader,
    autoescape=True,
    finalize=_held_together,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _plain_in_markdown(value: Any) -> str:
    """Any value as text that Markdown shows as it stands."""
    return str(value).translate(_SPECIAL)


# Every expression is escaped by `finalize`, for Markdown.
_markdown = Environment(
    loader=_loader,
    autoescape=False,
    finalize=_plain_in_markdown,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(
    ledger: Sequence[Mapping[str, Any]],
    pngs: Mapping[str, bytes],
    *,
    lang: Lang = "en",
    practical: Practical | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    ledger : sequence of mapping
        What `guidance.json` holds.
    pngs : mapping of str to bytes
        The claims' pictures by artifact path, such as `plots/l2-helps.png`.
    lang : {"en", "zh"}
    practical : mapping, optional
        What a search costs. `trials`: `sampler`, `median` and `p90` of its trials, how many studies were
        `censored` and of how many `studies`; `problem` and `most_trials` if there are several. `first_trial`:
        `problem`, `kappa` and the objective over the optimum's of `star`, `below`, `in_time` and `note`, None where it
        diverges. Or the former alone, as a sequence or by sampler.
    links : mapping, optional
        By claim the address of its curves, and by `run` the ledger's own; run ids stand alone without.
    """
    images = {
        entry["id"]: base64.b64encode(pngs[path]).decode()
        for entry in ledger
        if (path := f"plots/{entry['id']}.png") in pngs
    }
    return _html.get_template("guidance.html").render(
        images=images, **_context(ledger, lang, practical, links)
    )


def markdown(
    ledger: Sequence[Mapping[str, Any]],
    *,
    lang: Lang = "en",
    practical: Practical | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the report as Markdown; its pictures are the files beside it."""
    return _markdown.get_template("guidance.md").render(**_context(ledger, lang, practical, links))


def note(ledger: Sequence[Mapping[str, Any]], where: Mapping[str, str], *, lang: Lang = "en") -> str:
    """Return the Markdown that MLflow shows on the ledger's run: each verdict a link to its curves."""
    t, plain = STRINGS[lang], _plain_in_markdown
    lines = [_lead(ledger, lang), "", f"| {t['claim']} | {t['verdict']} | {t['effect']} |", "|---|---|---|"]
    for entry in ledger:
        claim = entry["claim"] if lang == "en" else entry["claim_zh"]
        verdict = t[entry["verdict"]]
        linked = f"[{verdict}]({where[entry['id']]})" if entry["run_ids"] else verdict
        lines.append(f"| {plain(claim)} | {linked} | {plain(_effect(entry, entry, lang))} |")
    return "\n".join(lines)


def _context(ledger, lang, practical, links) -> dict[str, Any]:
    t = STRINGS[lang]
    return {
        "t": t,
        "lang": {"en": "en", "zh": "zh-CN"}[lang],
        "lead": _lead(ledger, lang),
        "budget": t["budget"].format(seeds=ledger[0]["budget"]["n_seeds"], **ledger[0]["budget"]),
        "settings": _settings(ledger, lang),
        "common": f"{COMMON[lang == 'zh']}{t['pictures']}",
        "lists": _lists(ledger, lang),
        "claims": [_section(entry, lang, links) for entry in ledger],
        "run": links and links["run"],
        "starts": _starts(),
        "targets": [t["epochs to"].format(target=_target(target)) for target in rules.TARGETS],
        "rule_lines": [
            t[key] for key in ("rule kappa", "rule budget", "rule noise", "rule search", "pytorch")
        ],
        "trials": _trials(practical or [], t),
        "firsts": _firsts(practical, t),
    }


def _lead(ledger, lang: Lang) -> str:
    return STRINGS[lang]["lead"].format(count=len(ledger), tally=words.tally(list(ledger), lang))


def _settings(ledger, lang: Lang) -> list[str]:
    """What to set β and η to, the first sentence by the verdict on β = 0.9."""
    t = STRINGS[lang]
    said = [t["start"], t["limit"], t["pytorch"]]
    for entry in ledger:
        if entry["id"] == BETA_CLAIM and entry["effect"] is not None:
            filled = t[f"beta {entry['verdict']}"].format(
                effect=_effect(entry, entry, lang), groups=words.where(entry, lang)
            )
            said.insert(0, filled)
    return said


def _lists(ledger, lang: Lang) -> list[tuple[str, str, str, list[dict[str, str]]]]:
    """The claims under the headings of what to do about them."""
    t, found = STRINGS[lang], []
    for name in LISTS:
        word = name.split()[-1]
        chosen = [
            entry
            for entry in ledger
            if entry["verdict"] == word and (name == word or entry["role"] == name.split()[0])
        ]
        heading = t[name if name != word else f"remedy {word}"]
        items = [
            {
                "id": entry["id"],
                "short": entry["short"] if lang == "en" else entry["short_zh"],
                "effect": words.where(entry, lang) if word == "depends" else _effect(entry, entry, lang),
                "reason": t.get(entry["reason"], ""),
            }
            for entry in chosen
        ]
        if items:
            found.append((heading, word, _tone(name.split()[0], word), items))
    return found


def _tone(role: str, verdict: str) -> str:
    """Good news or bad: a warning that is supported is something to mind."""
    plain = {"supported": "good", "contradicted": "bad", "depends": "mixed", "inconclusive": "open"}
    turned = plain | {"supported": "bad", "contradicted": "good"}
    return (turned if role == "warning" else plain)[verdict]


def _section(entry, lang: Lang, links) -> dict[str, Any]:
    """One claim as its row and its section show it."""
    t, zh = STRINGS[lang], lang == "zh"
    runs = links["run"].rsplit("/", 1)[0] if links else None
    separator = entry["separator"]
    arms = [arm["zh" if zh else "en"] for arm in entry["arms"]]
    groups = [
        (group["name_zh" if zh else "name"], _effect(entry, group, lang), group["n"], t[group["verdict"]])
        for group in entry["groups"]
    ]
    return {
        "id": entry["id"],
        "quote": entry["quote"],
        "claim": entry["claim"],
        "title": entry["claim_zh"] if zh else entry["claim"],
        "tone": _tone(entry["role"], entry["verdict"]),
        "verdict": t[entry["verdict"]],
        "effect": _effect(entry, entry, lang),
        "why": entry["why_zh"] if zh else entry["why"],
        "change": entry["change_zh"] if zh else entry["change"],
        "protocol": entry["protocol_zh"] if zh else entry["protocol"],
        "graded": f"{arms[0]} {t['against']} {arms[1]}; {t['by ' + entry['rule']]}, "
        f"δ = {words.effect(entry['delta'], entry['rule'], entry['kind'], lang)}",
        "arms_shown": [arm["zh" if zh else "en"] for arm in entry["arms_shown"]],
        "separator": separator
        and f"{separator['zh' if zh else 'en']}: {', '.join(separator['groups_zh' if zh else 'groups'])}",
        "n": f"{entry['n']} {t['cells' if entry['rule'] == 'share' else 'problems']}",
        "groups": groups,
        "shown": list(_flat(entry["shown"])),
        "exact": entry["exact"],
        "gap": entry["theory_gap"] is not None and t["gap"].format(gap=_percent(entry["theory_gap"])),
        "problems": _problems(entry, lang),
        "curves": links and entry["run_ids"] and links[entry["id"]],
        "runs": [(run_id, runs and f"{runs}/{run_id}") for run_id in entry["run_ids"]],
        "recorded": bool(entry["run_ids"])
        and t["recorded"].format(
            n=len(entry["recorded"]),
            m=len(entry["problems"]),
            id=entry["id"],
            what=t["cells" if entry["rule"] == "share" else "problems"],
        ),
        "alt": f"{t['alt'].format(id=entry['id'])}. {entry['why_zh' if zh else 'why']}",
    }


def _effect(entry, of, lang: Lang) -> str:
    """An effect with its interval."""
    rule, kind = entry["rule"], entry["kind"]
    text = words.effect(of["effect"], rule, kind, lang)
    if of["effect"] is None or of["ci_low"] is None or of["ci_high"] is None:
        return text
    low, high = (words.effect(of[end], rule, kind, lang, bare=True) for end in ("ci_low", "ci_high"))
    return f"{text} ({low} {'to' if lang == 'en' else '到'} {high})"


def _problems(entry, lang: Lang) -> dict[str, Any] | None:
    """Every problem with its effect and what its arms measured, if there are not too many."""
    rows = entry["problems"]
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    arms = list(dict.fromkeys(arm for row in rows for arm in row["arms"]))
    rule = "effect" if entry["rule"] == "share" else entry["rule"]
    kind = "share" if entry["rule"] == "share" else entry["kind"]
    return {
        "arms": arms,
        "rows": [
            (
                row["name"],
                words.effect(row["effect"], rule, kind, lang),
                [_value(row["arms"].get(a)) for a in arms],
            )
            for row in rows
        ],
    }


def _flat(shown: Any, prefix: str = "") -> Any:
    """Numbers shown beside a verdict, nested names joined."""
    for name, value in shown.items():
        label = f"{prefix}{str(name).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label}: ")
        elif isinstance(value, list | tuple):
            yield label, ", ".join(_value(inner) for inner in value)
        else:
            yield label, _value(value)


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number(float(value), 4)


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"


def _target(target: float) -> str:
    return f"{100 * target:g} %" if target >= 1e-3 else number(target, 2)


def _starts() -> list[list[str]]:
    """The table of starts, as text."""
    found = []
    for row in rules.starts():
        epochs = [
            f"{row[f'{arm} {target:g}']:,.0f}" for target in rules.TARGETS for arm in ("momentum", "plain")
        ]
        found.append(
            [
                f"{row['kappa']:,.0f}",
                f"{row['beta']:.4g}",
                number(row["eta"], 3),
                number(row["lr"], 3),
                *epochs,
            ]
        )
    return found


def _trials(practical: Practical, t: Mapping[str, str]) -> list[list[str]]:
    """A row a sampler and problem; a quantile that is censored has no number."""
    if isinstance(practical, Mapping) and "trials" in practical:
        practical = practical["trials"]
    if isinstance(practical, Mapping):
        practical = [{"sampler": name, **found} for name, found in practical.items()]
    rows = []
    for found in practical:
        most = found.get("most_trials")
        beyond = t["more than"].format(n=most) if most else "–"
        quantiles = [beyond if found[key] is None else _value(found[key]) for key in ("median", "p90")]
        of = f" / {found['studies']}" if "studies" in found else ""
        name = ", ".join(str(found[key]) for key in ("sampler", "problem") if key in found)
        rows.append([name, *quantiles, f"{found['censored']}{of}"])
    return rows


def _firsts(practical: Practical | None, t: Mapping[str, str]) -> list[list[str]]:
    """A row a problem: κ, and what each first trial has of the optimum's objective."""
    if not isinstance(practical, Mapping):
        return []
    return [
        [
            found["problem"],
            number(found["kappa"], 3),
            *(
                t["diverges"] if found[arm] is None else f"×{number(found[arm], 4)}"
                for arm in ("star", "below", "in_time", "note")
            ),
        ]
        for found in practical.get("first_trial", ())
    ]
