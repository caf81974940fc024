"""Competing sentences are weighed with made-up scores: what wins, what is doubted, and what it costs."""

import asyncio
from dataclasses import replace

import pytest
from tests.unit.greeting.weighing.made_up import NAMES, MadeUpEar, heard_as, task, weighed
from voicedesk.errors import InputError
from voicedesk.greeting.calibration import weighing_limits_of
from voicedesk.greeting.live import LiveJudge
from voicedesk.greeting.model import Doubt, GreetingVerdict, Thresholds
from voicedesk.greeting.rules import shipped_rules
from voicedesk.greeting.verdict import judge_greeting
from voicedesk.greeting.weighing.driving import asked_later
from voicedesk.greeting.weighing.joining import checked, placed
from voicedesk.greeting.weighing.model import Kind, Weighed, WeighingLimits, more_careful
from voicedesk.greeting.weighing.sentences import Wordings
from voicedesk.greeting.weighing.sounds import spoken
from voicedesk.greeting.weighing.telling import remarks_of, weighed_as_json
from voicedesk.greeting.weighing.voice import WeighedVoice
from voicedesk.speech.fits import (
    Answer,
    Question,
    SentenceFit,
    answer_as_json,
    answer_from_json,
    question_as_json,
    question_from_json,
)
from voicedesk.speech.models import embedded_model
from voicedesk.speech.transcript import Word

WHOLE = "您好社保中心请问您要办理什么业务"


def verdict_of(ear: MadeUpEar, limits: WeighingLimits | None = None):
    found, transcript = weighed(ear, limits=limits)
    return found, judge_greeting(transcript, NAMES, shipped_rules(), Thresholds())


def test_a_whole_greeting_is_compliant():
    found, judged = verdict_of(MadeUpEar(WHOLE))
    assert (found.kind, judged.verdict) == (Kind.COMPLIANT, GreetingVerdict.COMPLIANT)


@pytest.mark.parametrize(
    "heard",
    ["您好设保中心请问您要办理什么业务", "您好社保中心请问您要办理什么礼物", "您好 社保中心 請問您要辦理什麼業務"],
)
def test_a_name_or_a_matter_that_is_heard_a_little_wrong_is_still_compliant(heard):
    assert verdict_of(MadeUpEar(WHOLE, heard))[1].verdict is GreetingVerdict.COMPLIANT


def test_an_alias_is_the_own_department():
    assert verdict_of(MadeUpEar("您好社会保险请问您要办理什么业务"))[1].verdict is GreetingVerdict.COMPLIANT


def test_a_clear_greeting_ends_the_comparison_early():
    ear = MadeUpEar(WHOLE)
    weighed(ear)
    assert ear.scored <= 10
    assert "hear_plainly" not in {one.kind for one in ear.asked}


def test_a_greeting_far_from_the_first_guess_is_heard_twice_before_its_wordings_are_scored():
    ear = MadeUpEar("请问您要办理什么业务社保中心您好")
    weighed(ear)
    kinds = [one.kind for one in ear.asked]
    assert kinds[:3] == ["hear", "fits", "hear_plainly"]
    assert kinds.count("hear_plainly") == 1


def test_where_another_department_surely_was_said_no_sentence_without_a_part_is_scored():
    ear = MadeUpEar("您好医保局请问您要办理什么业务")
    found, _ = weighed(ear)
    scored = [spoken(sentence) for one in ear.asked if one.kind == "fits" for sentence in one.sentences]
    assert found.kind is Kind.OTHER_DEPARTMENT
    assert all("什么" in one or "帮助" in one for one in scored)
    assert "您好请问您要办理什么业务" not in scored
    assert "go_on" not in {one.kind for one in ear.asked}


def test_another_department_in_other_words_is_found_though_the_nearest_names_are_compared_first():
    others = tuple(f"{one}中心" for one in ("设保", "社报", "摄宝", "人才", "就业"))
    names = replace(NAMES, aliases=(), others=others)
    said = "您好这里是就业中心有什么可以帮您"
    voice = WeighedVoice(task(names), shipped_rules(), WeighingLimits())
    transcript = voice.weighed_now(heard_as(said), MadeUpEar(said))
    assert voice.weighed is not None
    assert voice.weighed.kind is Kind.OTHER_DEPARTMENT
    assert "就业中心" in transcript.text.replace(" ", "")


def test_another_department_is_found_with_its_name():
    _, judged = verdict_of(MadeUpEar("您好医保局请问您要办理什么业务"))
    assert judged.verdict is GreetingVerdict.WRONG_DEPARTMENT
    assert any("医保局" in one for one in judged.remarks)


@pytest.mark.parametrize("said", ["社保中心您好请问您要办理什么业务", "您好请问您要办理什么业务社保中心"])
def test_another_order_is_found(said):
    assert verdict_of(MadeUpEar(said))[1].verdict is GreetingVerdict.WRONG_ORDER


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("您好请问您要办理什么业务", "department"),
        ("您好这里是社保中心", "matter"),
        ("社保中心请问您要办理什么业务", "hello"),
    ],
)
def test_a_part_left_out_is_found(said, missing):
    _, judged = verdict_of(MadeUpEar(said))
    assert (judged.verdict, judged.missing) == (GreetingVerdict.INCOMPLETE, (missing,))


def test_without_a_hello_heard_a_greeting_that_fits_poorly_is_not_called_compliant():
    ear = MadeUpEar("喂社保中心请问您要办理什么业务")
    limits = WeighingLimits(maybe_no_hello=-99.0, over_orders=-99.0)
    ear.fit_of[WHOLE] = SentenceFit(total=-3.0 + limits.compliant_fit - 0.3)
    assert verdict_of(ear, limits)[1].verdict is GreetingVerdict.CANNOT_TELL


@pytest.mark.parametrize(
    "said",
    [
        "您好这里是社保中心",
        "您好请问您要办理什么业务",
        "您好医保局请问您要办理什么业务",
        "社保中心您好请问您要办理什么业务",
        "您好请问您要办理什么业务社保中心",
    ],
)
def test_a_violation_costs_few_sentences(said):
    ear = MadeUpEar(said)
    assert verdict_of(ear)[0].kind is not None
    assert ear.scored <= 45


def test_a_matter_is_not_missing_where_the_model_hears_more_behind_the_name():
    ear = MadeUpEar("您好这里是社保中心")
    ear.follows = "有事吗"
    assert weighed(ear)[0].kind is None


def test_nobody_is_accused_by_a_sentence_with_a_token_of_no_probability():
    said = "您好医保局请问您要办理什么业务"
    ear = MadeUpEar(said)
    ear.fit_of[said] = SentenceFit(total=-3.0, least=1e-9)
    assert verdict_of(ear)[1].verdict is GreetingVerdict.CANNOT_TELL


def test_nobody_is_accused_by_a_sentence_with_a_part_of_no_length():
    said = "社保中心您好请问您要办理什么业务"
    ear = MadeUpEar(said)
    ear.fit_of[said] = SentenceFit(total=-3.0, flat=4)
    assert verdict_of(ear)[1].verdict is GreetingVerdict.CANNOT_TELL


def test_where_own_and_other_name_fit_alike_nothing_is_told():
    ear = MadeUpEar(WHOLE)
    ear.fit_of["您好医保局请问您要办理什么业务"] = SentenceFit(total=-5.0)
    found, judged = verdict_of(ear)
    assert found.kind is None
    assert (judged.verdict, judged.reason) == (GreetingVerdict.CANNOT_TELL, Doubt.NOT_UNDERSTOOD)


def test_where_no_sentence_fits_nothing_is_told():
    ear = MadeUpEar("今天天气很好我们一起出去吃饭吧好不好")
    assert verdict_of(ear)[1].verdict is GreetingVerdict.CANNOT_TELL


@pytest.mark.parametrize("heard", ["您好", "喂", "喂您好", "嗯", "", "您好您好", "喂喂您好", "您好您好喂"])
def test_a_lone_hello_goes_to_a_person(heard):
    ear = MadeUpEar(heard)
    assert verdict_of(ear)[1].verdict is GreetingVerdict.CANNOT_TELL
    assert ear.scored == 0


@pytest.mark.parametrize(
    "heard", ["Hello, how can I help you today?", "请不吝点赞订阅转发打赏支持明镜", "字幕由志愿者提供"]
)
def test_another_language_and_invented_subtitles_tell_nothing(heard):
    found, transcript = weighed(MadeUpEar(heard))
    assert (found.kind, found.forbidden) == (None, ())
    assert not any(one.confidence for one in transcript.words)


def test_a_sound_that_the_model_itself_takes_for_none_tells_nothing():
    assert weighed(MadeUpEar(WHOLE, no_speech=0.9, score=-1.4))[0].kind is None


def test_where_nobody_speaks_no_sentence_is_compared():
    ear = MadeUpEar(WHOLE)
    ear.speaks, ear.heard = False, ""
    found, judged = verdict_of(ear)
    assert (found.reason, judged.reason, ear.scored) == (Doubt.NO_SPEECH, Doubt.NO_SPEECH, 0)


@pytest.mark.parametrize("said", [WHOLE + "我不知道", "您好社保中心请问您要办理什么业务这个不归我管"])
def test_a_brush_off_is_found_with_the_greeting(said):
    found, judged = verdict_of(MadeUpEar(said))
    assert found.forbidden
    assert [one.phrase for one in judged.phrases.forbidden]


def test_a_brush_off_before_the_greeting_is_over_is_looked_at_too():
    found, _ = weighed(MadeUpEar("您好社保中心我不知道请问您要办理什么业务"))
    assert [*found.forbidden, *found.doubtful] == ["不知道"]


@pytest.mark.parametrize("said", [WHOLE + "我还不知道您怎么称呼", WHOLE + "您刚才说不知道"])
def test_what_the_rules_excuse_is_no_brush_off(said):
    found, judged = verdict_of(MadeUpEar(said))
    assert (found.forbidden, judged.phrases.forbidden) == ((), ())


@pytest.mark.parametrize("who", ["我", "这个我", ""])
def test_a_brush_off_right_behind_the_matter_is_not_taken_for_a_question(who):
    said = f"您好社保中心请问您有什么事{who}不清楚"
    assert [one.phrase for one in verdict_of(MadeUpEar(said))[1].phrases.forbidden] == ["不清楚"]
    said = f"您好社保中心请问您有什么事{who or '我'}不知道"  # 事不知道 sounds like 知不知道
    assert [one.phrase for one in verdict_of(MadeUpEar(said))[1].phrases.forbidden] == ["不知道"]


def test_what_is_only_like_a_brush_off_is_doubtful_without_a_further_score():
    ear = MadeUpEar(WHOLE + "我不知他")
    found, judged = verdict_of(ear)
    assert (found.forbidden, found.doubtful, judged.phrases.forbidden) == ((), ("不知道",), ())
    assert not any("不知道" in sentence for one in ear.asked for sentence in one.sentences)


def test_what_fits_better_without_its_no_is_no_brush_off():
    ear = MadeUpEar(WHOLE + "知道了", WHOLE + "不知道")
    found, judged = verdict_of(ear)
    assert (found.forbidden, judged.phrases.forbidden) == ((), ())


def test_the_budget_ends_the_comparison_and_then_nothing_adverse_is_told():
    ear = MadeUpEar("社保中心您好请问您要办理什么业务")
    found, _ = weighed(ear, limits=WeighingLimits(most_sentences=3))
    assert ear.scored <= 3
    assert found.kind is None


def test_a_sentence_that_the_rules_read_otherwise_is_not_believed():
    wrong = Weighed(kind=Kind.COMPLIANT, sentence="您好,医保局,请问您要办理什么业务")
    assert checked(wrong, NAMES, shipped_rules(), ("hello", "department", "matter")).kind is None


def test_a_voice_is_believed_to_begin_as_early_as_it_may_have():
    word = Word(text="您", start_seconds=3.1, end_seconds=3.6, confidence=0.2)
    assert placed("您", [word]) == [replace(word, start_seconds=pytest.approx(2.95), end_seconds=pytest.approx(3.3))]


def test_a_character_without_a_place_is_not_lost_from_the_sentence_that_was_said():
    places = {"您": 1.0, "社保": 2.0}
    words = [Word(text=one, start_seconds=at, end_seconds=at + 0.4, confidence=0.2) for one, at in places.items()]
    said = placed("您好,社保局", words)
    assert "".join(one.text for one in said) == "您好社保局"
    assert [one.start_seconds for one in said] == sorted(one.start_seconds for one in said)
    assert placed("您好", []) == placed("医保局", words) == []


def test_the_comparison_is_told_in_words_and_kept_with_its_limits():
    found, _ = weighed(MadeUpEar("您好医保局请问您要办理什么业务"))
    remarks = "".join(remarks_of(found))
    assert "其他部门“您好医保局请问您要办理什么业务”相符" in remarks
    kept = weighed_as_json(found, WeighingLimits())
    assert kept["limits"]["over_names"] == 7.0
    assert kept["sentences_scored"] == found.asked


def test_a_worker_may_answer_later_and_the_remarks_go_with_the_verdict():
    ear = MadeUpEar(WHOLE)

    async def ask(question: Question) -> Answer:
        await asyncio.sleep(0)
        return ear(question)

    voice = WeighedVoice(task(), shipped_rules(), WeighingLimits())
    heard = heard_as(WHOLE)
    asyncio.run(asked_later(voice.weigh(heard), ask))
    judge = LiveJudge(task(), shipped_rules(), Thresholds())
    judge.compared = voice.remarks
    judged = judge.take(voice.joined(heard), is_over=True)
    assert judged.verdict is GreetingVerdict.COMPLIANT
    assert any(one.startswith("句子比对") for one in judged.remarks)


def test_limits_belong_to_the_model_and_a_damaged_file_is_told(tmp_path):
    model = replace(embedded_model(), path=tmp_path, kind="whisper")
    assert weighing_limits_of(embedded_model()) is None
    assert weighing_limits_of(model) == WeighingLimits()
    (tmp_path / "calibration.json").write_text('{"weighing": {"over_names": 9.5}}', encoding="utf-8")
    assert weighing_limits_of(model).over_names == 9.5
    (tmp_path / "calibration.json").write_text('{"weighing": {"no_such_limit": 1}}', encoding="utf-8")
    with pytest.raises(InputError, match="calibrate the model again"):
        weighing_limits_of(model)


def test_more_care_accuses_nobody_whom_less_care_did_not():
    said = "您好医保局请问您要办理什么业务"
    assert weighed(MadeUpEar(said))[0].kind is Kind.OTHER_DEPARTMENT
    assert weighed(MadeUpEar(said), limits=more_careful(WeighingLimits(), 60.0))[0].kind is None


def test_questions_and_answers_go_to_another_process_and_back():
    ear = MadeUpEar(WHOLE)
    for question in (Question(kind="hear"), Question(kind="fits", sentences=("您好", WHOLE))):
        assert question_from_json(question_as_json(question)) == question
        answer = ear(question)
        assert answer_from_json(answer_as_json(answer)) == answer
    words = ear(Question(kind="words", sentences=(WHOLE,)))
    assert answer_from_json(answer_as_json(words)) == words


@pytest.mark.parametrize(
    ("template", "orders"),
    [
        (("hello",), []),
        (("hello", "department"), [("department", "hello")]),
        (
            ("hello", "department", "matter"),
            [("department", "hello", "matter"), ("hello", "matter", "department")],
        ),
    ],
)
def test_neighbouring_orders_are_those_in_which_two_parts_that_stand_together_changed_places(template, orders):
    assert Wordings(NAMES, shipped_rules(), template, [WHOLE]).neighbours() == orders
