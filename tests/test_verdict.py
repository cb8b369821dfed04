"""A claim's record: what `guidance.json` holds of it, and nothing lost on the way back."""

import json

import pytest

from study.verdict import Budget, ClaimRecord, GroupRecord, Limits, ProblemRecord, SeparatorRecord, Text

LIMITS = Limits(supported=0.4, contradicted=-0.2, problems=19.0)


def make_record(**changes):
    """A record with every part filled in."""
    values = {
        "id": "toy",
        "claim": Text("It helps.", "有用。"),
        "quote": "有用",
        "verdict": "depends",
        "reason": "the groups disagree",
        "effect": 0.3,
        "ci_low": 0.1,
        "ci_high": None,
        "n": 12,
        "agreeing": 9,
        "ties": 0,
        "units": 36,
        "rule": "effect",
        "kind": "speed",
        "role": "remedy",
        "delta": 0.1,
        "short": Text("it", "它"),
        "protocol": Text("Measured.", "实测。"),
        "arms": (Text("with", "有"), Text("without", "无")),
        "arms_shown": (Text("shown", "展示"),),
        "separator": SeparatorRecord(Text("κ", "条件数"), (Text("low", "低"), Text("high", "高"))),
        "groups": (
            GroupRecord(Text("low", "低"), 0.5, 0.2, 0.8, 12, "supported", LIMITS),
            GroupRecord(Text("high", "高"), None, None, None, 0, "inconclusive", None),
        ),
        "problems": (ProblemRecord("iris", 0.3, 3, ("low",), {"with": 10.0, "without": None}),),
        "limits": LIMITS,
        "shown": {"median": {"β": [0.1, 0.9]}},
        "theory_gap": 0.02,
        "exact": True,
        "error": None,
        "budget": Budget("quick", 0, 3),
        "run_ids": ("parent", "child"),
        "recorded": ("iris",),
        "why": Text("Because.", "因为。"),
        "change": Text("More.", "更多。"),
    }
    return ClaimRecord(**(values | changes))


def test_guidance_json_has_these_keys_in_this_order():
    assert list(make_record().to_json()) == [
        *("id", "claim", "claim_zh", "quote", "verdict", "reason", "effect", "ci_low", "ci_high", "n"),
        *("agreeing", "ties", "units", "rule", "kind", "role", "delta", "short", "short_zh", "protocol"),
        *("protocol_zh", "arms", "arms_shown", "separator", "groups", "problems", "limits", "shown"),
        *("theory_gap", "exact", "error", "budget", "run_ids", "recorded", "why", "change"),
        *("why_zh", "change_zh"),
    ]


def test_nested_parts_become_plain_values():
    values = make_record().to_json()
    assert values["arms"] == [{"en": "with", "zh": "有"}, {"en": "without", "zh": "无"}]
    assert values["separator"] == {
        "en": "κ",
        "zh": "条件数",
        "groups": ["low", "high"],
        "groups_zh": ["低", "高"],
    }
    assert list(values["groups"][0]) == [
        *("name", "effect", "ci_low", "ci_high", "n", "verdict", "limits", "name_zh")
    ]
    assert values["problems"] == [
        {
            "name": "iris",
            "effect": 0.3,
            "seeds": 3,
            "groups": ["low"],
            "arms": {"with": 10.0, "without": None},
        }
    ]
    assert values["budget"] == {"name": "quick", "seed": 0, "n_seeds": 3}


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        ("effect", ["supported", "contradicted", "problems"]),
        ("regret", ["contradicted", "supported", "problems"]),
    ],
)
def test_the_upper_limit_comes_first(rule, keys):
    values = make_record(rule=rule).to_json()
    assert list(values["limits"]) == list(values["groups"][0]["limits"]) == keys


def test_where_nothing_was_measured_the_limits_are_empty():
    values = make_record(limits=None, separator=None, groups=(), effect=None).to_json()
    assert (values["limits"], values["separator"], values["groups"]) == ({}, None, [])


@pytest.mark.parametrize("changes", [{}, {"limits": None, "separator": None, "groups": (), "effect": None}])
def test_a_record_comes_back_from_its_json(changes):
    record = make_record(**changes)
    assert ClaimRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
