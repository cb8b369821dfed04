"""What every claim must say, and how a separator divides its problems."""

import math

import pytest

from study.guidance.claim import DELTAS, KAPPA, Separator, Text, cut_at
from study.guidance.claims import find, names

CLAIMS = find()
WORDS = Separator(Text("batch", "批量"), ("full batch", "mini-batch"), ("全批量", "小批量"))


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_says_all_it_must_in_both_languages(claim):
    texts = [claim.claim, claim.short, claim.protocol, *claim.arms, *claim.shown]
    assert all(text.en.strip() and text.zh.strip() for text in texts)
    assert claim.delta == {"share": 0.1}.get(claim.rule, DELTAS[claim.kind])


def test_the_claims_stand_in_the_order_of_the_note():
    places = [claim.place for claim in CLAIMS.values()]
    assert places == sorted(places) == list(range(1, 19))


def test_one_claim_says_whether_0_9_is_a_good_beta():
    assert [claim.id for claim in CLAIMS.values() if claim.sets_beta] == ["beta-near-0.9"]


@pytest.mark.parametrize(
    ("claim", "value", "group"),
    [
        ("converges-faster", 37.9, "κ ≤ 38"),
        ("converges-faster", 38.1, "κ > 38"),
        ("beta-near-0.9", 1442, "κ in 600 to 3500"),
        ("beta-near-0.9", 4000, "κ outside 600 to 3500"),
        ("beta-near-0.9", 30, "κ outside 600 to 3500"),
        ("smooths-oscillation", 1.0, "ηL ≤ 1"),
        ("escapes-local-minima", 0.0, "σ = 0"),
        ("escapes-local-minima", 1.0, "σ > 0"),
        ("l2-helps", 5, "n/d ≥ 5"),
        ("l2-helps", 4.99, "n/d < 5"),
        ("schedules-help", "mini-batch", "mini-batch"),
    ],
)
def test_a_separator_puts_a_value_on_its_side_of_the_cut(claim, value, group):
    assert CLAIMS[claim].separator.side(value) == group


def test_a_cut_belongs_to_the_first_group():
    separator = cut_at(KAPPA, "κ", 38.0, "38")
    assert separator.side(38.0) == "κ ≤ 38"
    assert separator.side(math.nextafter(38.0, 39)) == "κ > 38"


def test_a_word_that_is_no_group_is_refused():
    assert WORDS.side("full batch") == "full batch"
    with pytest.raises(ValueError, match="'half batch' is not one of"):
        WORDS.side("half batch")


def test_the_names_of_the_files_are_the_ids_of_the_claims():
    assert names() == sorted(CLAIMS)
