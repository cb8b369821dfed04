"""The guidance's report, as one HTML page and as Markdown, from the records that `guidance.json` holds.

Its words come from the catalogues `en.toml` and `zh.toml` or from the records; the templates lay them out and
escape them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study.notation import number, percent
from study.reports import sentences
from study.reports.pages import data_uri, environment, html_environment
from study.reports.words import GUIDANCE, SHARED
from study.trial import NOTE
from study.verdict import CLIP, GROUP_LEVEL, LEVEL, RELIABLY, ClaimRecord, Lang, Role, Verdict

LISTS: tuple[tuple[Role | None, Verdict], ...] = (
    ("remedy", "supported"),
    ("remedy", "depends"),
    ("warning", "supported"),
    ("warning", "depends"),
    ("remedy", "contradicted"),
    ("warning", "contradicted"),
    (None, "inconclusive"),
)
"""The role and the verdict of the claims in each list of the first screen; None stands for both roles."""

MOST_ROWS = 80
"""A table of problems with more rows is left out; it can be read in `guidance.json`."""

_MARKDOWN_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_[]|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "\n": " ", "\r": " "}
)


@dataclass(frozen=True, kw_only=True)
class Background:
    """What the report says beside the verdicts: constants of the experiments, theory, the cost of a search.

    Attributes
    ----------
    loose, target : float
        Shares of the starting excess until which epochs are counted: the one that is shown and the one that
        is graded.
    eta_share : float
        The share of η* that a first trial should have.
    margin : float
        A search has arrived when its best is within this share of the optimum.
    starts : sequence of mapping
        The rows of the table of settings: `kappa`, `beta`, `eta` and `lr` (times L), and `epochs`, for each of
        the two targets the epochs with and without momentum.
    sets_beta : str or None
        The id of the claim that says whether β = 0.9 is a good setting.
    search_cost : mapping, optional
        `trials`, one a problem and sampler: `problem`, `sampler`, `studies`, `most_trials`, `median` and `p90`
        (None if that many studies did not arrive) and `censored`, the studies that did not arrive.
        `first_trial`, one a problem: `problem`, `kappa` and the objective over the optimum's of `star`,
        `below`, `in_time` and `note`, None where it diverges.
    """

    loose: float
    target: float
    eta_share: float
    margin: float
    starts: Sequence[Mapping[str, Any]]
    sets_beta: str | None = None
    search_cost: Mapping[str, Sequence[Mapping[str, Any]]] | None = None


def _escaped_for_markdown(value: Any) -> str:
    """Any value as text that Markdown shows as it stands."""
    return str(value).translate(_MARKDOWN_SPECIAL)


_html = html_environment()
_markdown = environment(autoescape=False, finalize=_escaped_for_markdown)


def html(
    claims: Sequence[ClaimRecord],
    pngs: Mapping[str, bytes],
    background: Background,
    *,
    lang: Lang = "en",
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    claims : sequence of ClaimRecord
    pngs : mapping of str to bytes
        The claims' pictures by artifact path, such as `plots/l2-helps.png`.
    background : Background
    lang : {"en", "zh"}
    links : mapping, optional
        By claim the address of its curves, and by `run` the ledger's own. Without it run ids are no links.
    """
    images = {claim.id: data_uri(pngs[path]) for claim in claims if (path := f"plots/{claim.id}.png") in pngs}
    return _html.get_template("guidance.html").render(
        images=images, **_context(claims, background, lang, links)
    )


def markdown(
    claims: Sequence[ClaimRecord],
    background: Background,
    *,
    lang: Lang = "en",
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the report as Markdown; its pictures are the files beside it."""
    return _markdown.get_template("guidance.md").render(**_context(claims, background, lang, links))


def note(claims: Sequence[ClaimRecord], links: Mapping[str, str], *, lang: Lang = "en") -> str:
    """Return the Markdown that MLflow shows on the ledger's run: each verdict links to its claim's curves."""
    t, plain = GUIDANCE[lang], _escaped_for_markdown
    lines = [_lead(claims, lang), "", f"| {t['claim']} | {t['verdict']} | {t['effect']} |", "|---|---|---|"]
    for claim in claims:
        verdict = t[claim.verdict]
        linked = f"[{verdict}]({links[claim.id]})" if claim.run_ids else verdict
        shown = sentences.effect_with_interval(claim, claim, lang)
        lines.append(f"| {plain(claim.claim.in_language(lang))} | {linked} | {plain(shown)} |")
    return "\n".join(lines)


def _context(
    claims: Sequence[ClaimRecord], background: Background, lang: Lang, links: Mapping[str, str] | None
) -> dict[str, Any]:
    """All that the templates show. Every text in `t` has its constants filled in."""
    t = GUIDANCE[lang] | _filled(background, lang)
    budget = claims[0].budget
    cost = background.search_cost or {}
    return {
        "t": t,
        "html_lang": SHARED[lang]["html lang"],
        "join_groups": SHARED[lang]["join groups"],
        "lead": _lead(claims, lang),
        "budget": t["budget"].format(name=budget.name, seeds=budget.n_seeds, seed=budget.seed),
        "settings": settings(claims, background, lang),
        "common": _common(background, lang),
        "lists": what_to_do(claims, lang),
        "claims": [_section(claim, lang, links) for claim in claims],
        "run": links and links["run"],
        "starts": [_start(row) for row in background.starts],
        "eta_share": background.eta_share,
        "targets": [
            t["epochs to"].format(target=_target(target)) for target in (background.loose, background.target)
        ],
        "rule_lines": [
            t[key] for key in ("rule kappa", "rule budget", "rule noise", "rule search", "pytorch")
        ],
        "trials": [_trials(row, t) for row in cost.get("trials", ())],
        "first_trials": [_first_trial(row, t) for row in cost.get("first_trial", ())],
    }


def _filled(background: Background, lang: Lang) -> dict[str, str]:
    """The strings that name constants, filled with them."""
    constants = {
        "level": percent(LEVEL),
        "group_level": percent(GROUP_LEVEL),
        "eta_share": background.eta_share,
        "loose": percent(background.loose),
        "margin": percent(background.margin),
        "beta": NOTE["beta"],
        "eta": NOTE["eta"],
        "rate": f"{NOTE['eta'] * (1 - NOTE['beta']):g}",
    }
    names = ("key", "start", "pytorch", "rule kappa", "rule budget", "rule search", "trials", "note pair")
    return {name: GUIDANCE[lang][name].format(**constants) for name in names}


def _common(background: Background, lang: Lang) -> str:
    return GUIDANCE[lang]["common"].format(
        clip=f"{math.exp(CLIP):g}",
        loose=_power_of_ten(background.loose),
        target=_power_of_ten(background.target),
        reliably=percent(RELIABLY),
    )


def _power_of_ten(value: float) -> str:
    """Write 0.01 as 1e-2."""
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e{int(exponent)}"


def _lead(claims: Sequence[ClaimRecord], lang: Lang) -> str:
    return GUIDANCE[lang]["lead"].format(count=len(claims), tally=sentences.tally(claims, lang))


def settings(claims: Sequence[ClaimRecord], background: Background, lang: Lang) -> list[str]:
    """Return what to set β and η to; the verdict on β = 0.9 decides the first sentence, if it was measured."""
    t = GUIDANCE[lang] | _filled(background, lang)
    said = [t["start"], t["limit"], t["pytorch"]]
    for claim in claims:
        if claim.id == background.sets_beta and claim.effect is not None:
            first = t[f"beta {claim.verdict}"].format(
                beta=NOTE["beta"],
                effect=sentences.effect_with_interval(claim, claim, lang),
                groups=sentences.where(claim, lang),
            )
            said.insert(0, first)
    return said


def what_to_do(
    claims: Sequence[ClaimRecord], lang: Lang
) -> list[tuple[str, Verdict, str, list[dict[str, str]]]]:
    """Return the claims under headings that say what to do: heading, verdict, CSS class, claims."""
    t, found = GUIDANCE[lang], []
    for role, verdict in LISTS:
        chosen = [claim for claim in claims if claim.verdict == verdict and role in (None, claim.role)]
        items = [
            {
                "id": claim.id,
                "short": claim.short.in_language(lang),
                "effect": sentences.where(claim, lang)
                if verdict == "depends"
                else sentences.effect_with_interval(claim, claim, lang),
                "reason": t.get(claim.reason, ""),
            }
            for claim in chosen
        ]
        if items:
            heading = t["not settled" if role is None else f"{role} {verdict}"]
            found.append((heading, verdict, _css_class(role, verdict), items))
    return found


def _css_class(role: Role | None, verdict: Verdict) -> str:
    """The colour of a verdict: a warning that is supported is bad news."""
    classes = {"supported": "good", "contradicted": "bad", "depends": "mixed", "inconclusive": "open"}
    if role == "warning":
        classes |= {"supported": "bad", "contradicted": "good"}
    return classes[verdict]


def _section(claim: ClaimRecord, lang: Lang, links: Mapping[str, str] | None) -> dict[str, Any]:
    """One claim as its row and its section show it."""
    t = GUIDANCE[lang]
    runs = links["run"].rsplit("/", 1)[0] if links else None
    separator = claim.separator
    counted = t["cells" if claim.rule == "share" else "problems"]
    why = claim.why.in_language(lang)
    return {
        "id": claim.id,
        "quote": claim.quote,
        "claim": claim.claim.en,
        "title": claim.claim.in_language(lang),
        "css_class": _css_class(claim.role, claim.verdict),
        "verdict": t[claim.verdict],
        "effect": sentences.effect_with_interval(claim, claim, lang),
        "why": why,
        "change": claim.change.in_language(lang),
        "protocol": claim.protocol.in_language(lang),
        "graded": _graded(claim, lang),
        "arms_shown": [arm.in_language(lang) for arm in claim.arms_shown],
        "separator": separator
        and t["separator line"].format(
            name=separator.name.in_language(lang),
            groups=SHARED[lang]["join counts"].join(group.in_language(lang) for group in separator.groups),
        ),
        "n": f"{claim.n} {counted}",
        "groups": [
            (
                group.name.in_language(lang),
                sentences.effect_with_interval(claim, group, lang),
                group.n,
                t[group.verdict],
            )
            for group in claim.groups
        ],
        "shown": list(_flat(claim.shown)),
        "exact": claim.exact,
        "gap": claim.theory_gap is not None and t["gap"].format(gap=f"{100 * claim.theory_gap:.2g} %"),
        "problems": _problems(claim, lang),
        "curves": links and claim.run_ids and links[claim.id],
        "runs": [(run_id, runs and f"{runs}/{run_id}") for run_id in claim.run_ids],
        "recorded": bool(claim.run_ids)
        and t["recorded"].format(n=len(claim.recorded), m=len(claim.problems), id=claim.id, what=counted),
        "alt": f"{t['alt'].format(id=claim.id)}. {why}",
    }


def _graded(claim: ClaimRecord, lang: Lang) -> str:
    """Which arms are compared, by which rule, and δ."""
    t = GUIDANCE[lang]
    first, second = (arm.in_language(lang) for arm in claim.arms)
    return t["graded line"].format(
        first=first,
        second=second,
        rule=t[f"by {claim.rule}"],
        delta=sentences.effect(claim, claim.delta, lang),
    )


def _problems(claim: ClaimRecord, lang: Lang) -> dict[str, Any] | None:
    """Every problem with its effect and what its arms measured, if there are not too many."""
    if not 0 < len(claim.problems) <= MOST_ROWS:
        return None
    arms = list(dict.fromkeys(arm for problem in claim.problems for arm in problem.arms))
    return {
        "arms": arms,
        "rows": [
            (
                problem.name,
                sentences.problem_effect(claim, problem, lang),
                [_value(problem.arms.get(arm)) for arm in arms],
            )
            for problem in claim.problems
        ],
    }


def _flat(shown: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The numbers that are shown beside a verdict, nested names joined."""
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


def _target(target: float) -> str:
    return percent(target) if target >= 1e-3 else number(target, 2)


def _start(row: Mapping[str, Any]) -> list[str]:
    """A row of the table of settings, as text."""
    return [
        f"{row['kappa']:,.0f}",
        f"{row['beta']:.4g}",
        number(row["eta"], 3),
        number(row["lr"], 3),
        *(f"{epochs:,.0f}" for pair in row["epochs"] for epochs in pair),
    ]


def _trials(row: Mapping[str, Any], t: Mapping[str, str]) -> list[str]:
    """How many trials a sampler needed on a problem; more than the most where too few studies arrived."""
    beyond = t["more than"].format(n=row["most_trials"])
    return [
        f"{row['sampler']}, {row['problem']}",
        *(beyond if row[key] is None else _value(row[key]) for key in ("median", "p90")),
        f"{row['censored']} / {row['studies']}",
    ]


def _first_trial(row: Mapping[str, Any], t: Mapping[str, str]) -> list[str]:
    """A problem's κ, and each first trial's objective as a multiple of the optimum's."""
    ratios = (row[pair] for pair in ("star", "below", "in_time", "note"))
    return [
        row["problem"],
        number(row["kappa"], 3),
        *(t["diverges"] if ratio is None else f"×{number(ratio, 4)}" for ratio in ratios),
    ]
