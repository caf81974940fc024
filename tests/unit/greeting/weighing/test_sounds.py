"""Where a phrase comes nearest in a heard text, and in which wording."""

import pytest
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.weighing.deciding import unexplained
from voicedesk.greeting.weighing.sounds import alike, nearest, nearest_to_end, simplified, spoken, unlike


@pytest.mark.parametrize(("wanted", "heard"), [("咨", "资"), ("医", "依"), ("喂", "为"), ("社", "设"), ("心", "星")])
def test_homophones_and_what_a_telephone_blurs_are_the_same(wanted, heard):
    assert unlike(wanted, heard) == 0


def test_other_syllables_cost_more_the_less_they_sound_alike():
    assert 0 < unlike("办", "盼") < unlike("办", "去") <= 1


def test_traditional_characters_are_folded():
    assert simplified("請問您要辦理什麼業務") == "请问您要办理什么业务"


@pytest.mark.parametrize(
    ("heard", "said"),
    [("您好, 社保中心。", "您好社保中心"), ("您好您好您好您好您好您好", "您好您好"), ("Hello 您好", "您好")],
)
def test_only_what_is_spoken_counts_and_repetition_once(heard, said):
    assert spoken(heard) == said


def test_a_phrase_is_found_in_its_nearest_wording():
    near = nearest("请问[您]要(办理|咨询)什么[业务]", "您好设保中心请问您要资讯什么")
    assert (near.wording, near.alike) == ("请问您要咨询什么", 1.0)
    assert (near.first, near.last) == (6, 14)


def test_a_phrase_may_have_to_go_on_to_the_end():
    assert nearest_to_end("请问[您]要(办理|咨询)什么[业务]", "请问您要办理什么业务").wording == "请问您要办理什么业务"
    assert nearest_to_end("您好", "您好社保中心请问").last in (0, 8)


def test_a_phrase_that_is_nowhere_is_unlike_everything():
    assert alike("不知道", "") == 0
    assert alike("不知道", "您好社保中心") < 0.5


def test_a_spoken_number_stands_for_itself():
    assert nearest("工号{digits}", "您好工号008为您服务").wording in {"工号0", "工号00", "工号008"}


def test_every_phrase_of_the_rules_is_found_in_nothing_without_harm():
    rules = shipped_rules()
    for part in rules.parts.values():
        for phrase in part.phrases:
            assert nearest(phrase, "").first == 0


def test_what_no_part_explains_is_counted_where_it_stands_together():
    assert unexplained("您好青年宫请问", [("您好", 0.7), ("请问", 0.7)]) == 3
    assert unexplained("您好请问", [("您好", 0.7), ("请问", 0.7)]) == 0
