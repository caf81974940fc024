"""The caller's walk: everything told at once, a person one key away, never a loop and never a dead end (S5, S17)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ivr.walking import CODE, MENU, NUMBER, PARTS, SECOND, T0, Caller
from voicedesk.ivr.keys import KEYS, Command
from voicedesk.ivr.model import (
    AskDigits,
    Entry,
    Leave,
    LookUp,
    Menu,
    Play,
    RequestKind,
    Standing,
    State,
    TakeMessage,
)
from voicedesk.ivr.walk import LONGEST_US

PERSON = "人工服务，请按零。"
STANDING = Standing(code="76543216", month=11, day=23, item_id="11", item_name="社会保障卡申领")


def test_the_menu_names_every_group_that_has_items_and_says_why_it_answers():
    caller = Caller()
    assert caller.said[0] == "您好，这里是人力资源和社会保障服务热线。"
    assert "非常抱歉" in caller.said[1]
    assert "社会保障卡" in caller.said
    assert "没有事项的组" not in caller.said
    assert caller.step.names
    assert caller.step.wait_seconds > 0
    assert Caller(entry=Entry.DEDICATED).said[1] == PRIVACY
    assert "非工作时间" in Caller(entry=Entry.OUT_OF_HOURS, person_there=False).said[1]


def test_a_person_is_offered_before_the_long_list_and_never_where_none_is_there():
    said = Caller().said
    assert said.index(PERSON) < said.index("社会保障卡")
    assert PERSON not in Caller(entry=Entry.OUT_OF_HOURS, person_there=False).said


def test_an_item_by_its_keys_is_told_in_one_go_in_order():
    caller = Caller().press("1", "2")
    assert "现在为您一次性告知" in caller.said
    caller.to_the_end()
    sentences = [text for text in caller.heard if text.startswith("社会保障卡挂失") and len(text) > 7]
    item = MENU.item("12")
    assert sentences == [sentence for part in item.parts for sentence in part.sentences]
    (notice,) = caller.kept.notices
    assert notice.is_complete
    assert (notice.item_id, notice.version, notice.slow) == ("12", "1", False)
    assert [part.part for part in notice.parts] == list(PARTS)
    assert caller.state == "after"


def test_the_code_is_said_digit_by_digit_and_once_more():
    caller = Caller().press("1", "2").to_the_end()
    digits = "".join(text for text in caller.said if text in "零幺二三四五六七八九")
    assert digits == "幺二三四五六七幺" * 2
    assert caller.kept.code == CODE


def test_an_item_by_its_name_is_read_back_and_confirmed_by_a_key():
    caller = Caller().say("21")
    assert caller.said[:2] == ["您要了解的是", "职工退休申请"]
    assert caller.press("1").state == "notice"
    refused = Caller().say("21").press("2")
    assert refused.state == "menu"
    assert refused.step.names


def test_who_is_misheard_twice_is_asked_for_keys():
    caller = Caller().say(None)
    assert caller.said[0] == "对不起，没有听清。"
    assert caller.step.names
    caller.say(None)
    assert not caller.step.names
    assert "请按键选择。" in caller.said
    assert not Caller().say("21").press("2").say(None).step.names


def test_nobody_is_asked_to_speak_where_nothing_can_be_heard_or_named():
    assert not Caller(can_hear=False).step.names
    assert not Caller(menu=Menu(groups=MENU.groups, items=())).step.names


def test_within_a_notice_keys_repeat_slow_down_and_move():
    caller = Caller().press("1", "1")
    caller.listen()
    assert caller.said == [f"社会保障卡申领procedure{n}。" for n in (1, 2, 3)]
    assert caller.press("1", after=1).said == [f"社会保障卡申领procedure{n}。" for n in (1, 2, 3)]
    assert not caller.step.slow
    caller.press("2")
    assert caller.step.slow
    assert caller.press("3").said == ["社会保障卡申领basis1。"]
    assert caller.press("4").said[0] == "社会保障卡申领procedure1。"
    assert caller.press("4", "4").said[0] == "社会保障卡申领materials1。"
    (notice,) = caller.kept.notices
    assert notice.slow
    assert [part.finished for part in notice.parts] == [2, 1, 0, 0]
    assert not notice.is_complete


def test_what_was_heard_before_the_hang_up_is_proof_sentence_by_sentence():
    caller = Caller().press("1", "1")
    intro = len(caller.said) - 2
    caller.walk.hang_up(T0 + 99 * SECOND, finished=intro + 1)
    (notice,) = caller.kept.notices
    assert [(part.finished, part.sentences) for part in notice.parts] == [(1, 2), (0, 3), (0, 1), (0, 1)]
    assert caller.kept.exit is None
    assert caller.kept.state is State.NOTICE
    assert caller.kept.ended_at == notice.ended_at == T0 + 99 * SECOND


def test_the_same_item_told_again_is_one_notice_and_what_was_heard_stays_heard():
    caller = Caller().press("1", "1").to_the_end().press("2")
    assert caller.state == "notice"
    assert caller.step.slow
    caller.walk.hang_up(caller.now + SECOND)
    (notice,) = caller.kept.notices
    assert notice.is_complete
    assert notice.slow
    other = Caller().press("1", "1").listen().press("5", "2", "1").to_the_end()
    assert [(one.item_id, one.is_complete) for one in other.kept.notices] == [("11", False), ("21", True)]


@pytest.mark.parametrize("state", [state for state in State if state is not State.LEFT])
def test_fault_58_0_leads_to_a_person_from_every_state(state):
    caller = brought_to(state)
    assert caller.state == state.value
    caller.press("0")
    assert caller.exit == "person"
    assert caller.kept.state is State.LEFT


@pytest.mark.parametrize("state", [state for state in State if state is not State.LEFT])
def test_0_out_of_hours_leads_to_a_callback_or_tells_that_one_is_noted(state):
    caller = brought_to(state, person_there=False, entry=Entry.OUT_OF_HOURS).press("0")
    if caller.exit is None:
        assert caller.state == "callback"
        caller.press("1")
    assert caller.kept.requests


@pytest.mark.parametrize("state", [state for state in State if state is not State.LEFT])
def test_fault_58_silence_leads_to_a_person_and_never_round_in_a_circle(state):
    caller = brought_to(state)
    caller.to_the_end().listen(2)
    assert caller.exit == ("goodbye" if state is State.DONE else "person")


def test_silence_out_of_hours_notes_a_callback_unless_the_matter_was_told_to_the_end():
    silent = Caller(person_there=False, entry=Entry.OUT_OF_HOURS).listen(2)
    assert silent.exit == "goodbye"
    assert [(one.kind, one.number) for one in silent.kept.requests] == [(RequestKind.CALLBACK, NUMBER)]
    told = Caller(person_there=False, entry=Entry.OUT_OF_HOURS).press("1", "1").to_the_end().listen(2)
    assert told.exit == "goodbye"
    assert told.kept.requests == ()
    withheld = Caller(person_there=False, number=None, entry=Entry.OUT_OF_HOURS).listen(2)
    assert withheld.exit == "goodbye"
    assert withheld.said[-1] == "请您在工作时间再次来电。再见。"


PRIVACY = "您说出的业务名称和您的留言会被录音。"


def test_nobody_is_recorded_before_the_notice_of_recording_was_heard_to_its_end():
    caller = Caller()
    assert caller.said.count(PRIVACY) == 1
    cut_short = caller.said.index(PRIVACY)
    assert caller.press("1", "*", after=cut_short).said.count(PRIVACY) == 1
    assert caller.press("9", after=caller.said.index(PRIVACY)).said[0] == PRIVACY
    caller.leave_message()
    assert PRIVACY not in caller.press("*").said
    heard = Caller()
    assert PRIVACY not in heard.press("1", "*", after=heard.said.index(PRIVACY) + 1).said
    assert PRIVACY not in Caller().say(None).said
    assert PRIVACY not in Caller(can_hear=False).said


def test_fault_58_three_wrong_keys_lead_to_a_person():
    caller = Caller().press("4", "5")
    assert caller.state == "menu"
    assert caller.said[0] == "您按的键没有对应的服务。"
    assert caller.press("6").exit == "person"
    assert Caller().press("1", "9", "1").state == "notice"
    off = Caller(person_there=False, entry=Entry.OUT_OF_HOURS).press("4", "5", "6")
    assert off.exit == "goodbye"
    assert off.kept.requests[0].kind is RequestKind.CALLBACK


def test_star_goes_back_and_pound_says_it_again():
    caller = Caller().press("1")
    said = caller.said
    assert caller.press("#").said == said
    assert caller.press("*").state == "menu"
    assert Caller().press("1", "1").listen().press("#").said[0] == "社会保障卡申领procedure1。"


def test_pound_in_the_menu_switches_the_language_and_items_stay_chinese():
    caller = Caller().press("#")
    assert any(text.startswith("After the tone") for text in caller.said)
    assert "社会保障卡" in caller.said
    assert "中文服务，请按井号键。" in caller.said
    caller.press("1", "1").to_the_end()
    assert "zero" not in caller.said
    assert caller.said[:3] == ["This was the complete notice.", "Your notice code is", "one"]
    assert caller.kept.language == "en"


def test_a_callback_to_the_callers_own_number_is_confirmed_by_its_last_digits():
    caller = Caller().press("7")
    assert caller.said[1:5] == ["八", "零", "零", "零"]
    caller.press("1")
    assert caller.state == "done"
    (asked,) = caller.kept.requests
    assert (asked.kind, asked.number, asked.earlier) == (RequestKind.CALLBACK, NUMBER, None)
    caller.press("6", "1")
    assert len(caller.kept.requests) == 1


def test_a_callback_to_another_number_is_typed_and_read_back():
    caller = Caller().press("7", "2").type("0512").type("051265123456")
    assert caller.state == "number_confirm"
    assert "".join(caller.said[1:13]) == "零五幺二六五幺二三四五六"
    assert caller.press("2").type("13912345678").press("1").state == "done"
    assert [one.number for one in caller.kept.requests] == ["13912345678"]
    assert "13912345678" not in {key.key for key in caller.kept.keys}


def test_a_withheld_number_is_asked_for():
    caller = Caller(number=None).press("7")
    assert isinstance(caller.step, AskDigits)
    assert caller.said[0] == "我们没有收到您的来电号码。"
    assert caller.type("12").type("123").type("1").exit == "person"


def test_a_complaint_is_a_recorded_message_with_a_code():
    caller = Caller().press("9")
    assert isinstance(caller.step, TakeMessage)
    caller.leave_message(12.0)
    (asked,) = caller.kept.requests
    assert (asked.kind, asked.file, asked.seconds) == (RequestKind.COMPLAINT, "message.wav", 12.0)
    assert caller.said[0] == "您的投诉已经提交给单位负责人。"
    assert "您的告知编号是" in caller.said
    assert Caller().press("9").leave_message(0.3).leave_message(0.3).exit == "person"
    assert Caller().press("9").leave_message(9, key="0").exit == "person"
    assert Caller().press("9", "*").state == "menu"


def test_a_code_leads_to_where_the_matter_stands():
    caller = Caller().press("8").type("12345671")
    assert caller.step == LookUp(code="12345671")
    requests = ((RequestKind.CALLBACK, False), (RequestKind.COMPLAINT, True))
    caller.found(Standing(**{**values(STANDING), "is_changed": True, "requests": requests}))
    assert caller.said[:5] == ["您在", "十一月", "二十三日", "咨询了", "社会保障卡申领"]
    assert "办理内容此后有更新，建议您重新听取。" in caller.said
    assert "您要求的回拨正在等待处理。" in caller.said
    assert "您的投诉已经处理。" in caller.said
    assert caller.press("1").state == "notice"


def test_a_code_with_a_slip_is_asked_for_again_and_an_unknown_one_too():
    caller = Caller().press("8").type("12345678")
    assert caller.said[0] == "没有查到这个编号。"
    caller.type("12345671").found(None)
    assert caller.said[0] == "没有查到这个编号。"
    assert caller.type("1").exit == "person"


def test_a_call_without_an_item_is_told_by_its_day_and_has_no_notice_to_hear():
    caller = Caller().press("8").type("12345671")
    caller.found(Standing(code="1", month=2, day=1, item_id=None, item_name=None))
    assert caller.said[:4] == ["您在", "二月", "一日", "来过电话"]
    assert caller.press("1").said[0] == "您按的键没有对应的服务。"


def test_a_failed_second_visit_is_noted_with_the_earlier_code():
    caller = Caller().press("8").type("12345671").found(STANDING).press("2", "1")
    (asked,) = caller.kept.requests
    assert (asked.kind, asked.earlier, asked.number) == (RequestKind.SECOND_VISIT, "76543216", NUMBER)
    assert Caller().press("8").type("12345671").found(STANDING).press("2", "2").state == "standing"
    withheld = Caller(number=None).press("8").type("12345671").found(STANDING).press("2", "1")
    withheld.type("13912345678").press("1")
    (asked,) = withheld.kept.requests
    assert (asked.kind, asked.earlier, asked.number) == (RequestKind.SECOND_VISIT, "76543216", "13912345678")


def test_a_text_message_is_offered_where_it_can_be_sent_and_once():
    caller = Caller(sms=True).press("1", "1").to_the_end()
    assert "用短信接收，请按七。" in caller.said
    assert caller.press("7").state == "done"
    assert caller.kept.sms_to == NUMBER
    assert Caller().press("1", "1").to_the_end().press("7").said[0] == "您按的键没有对应的服务。"


def test_when_nobody_answers_for_the_second_time_a_callback_is_offered_at_once():
    caller = Caller(again=True, person_there=False)
    assert caller.said[0] == "非常抱歉，仍然没有工作人员能够接听。"
    assert caller.state == "callback"
    assert caller.press("0").exit == "goodbye"
    assert caller.kept.requests[0].number == NUMBER


def test_after_half_an_hour_the_caller_is_taken_on_to_a_person():
    caller = Caller().press("1", "1")
    caller.now += LONGEST_US
    assert caller.listen().exit == "person"
    late = Caller().press("9")
    late.now += LONGEST_US
    assert late.leave_message().kept.requests[0].kind is RequestKind.COMPLAINT


def test_every_key_that_does_something_is_kept_with_its_state_and_second():
    caller = Caller().press("1", "1")
    assert [(key.state, key.key, key.at) for key in caller.kept.keys] == [
        (State.MENU, "1", T0 + SECOND),
        (State.GROUP, "1", T0 + 2 * SECOND),
    ]


def test_every_command_stands_under_some_key():
    assert {command for keys in KEYS.values() for command in keys.values()} == set(Command)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"0123456789*#", "silence", "speech", "hangup"]), max_size=60), st.booleans())
def test_fault_58_whatever_a_caller_does_the_walk_goes_on_to_an_end(acts, person_there):
    caller = Caller(person_there=person_there, entry=Entry.OVERFLOW if person_there else Entry.OUT_OF_HOURS)
    for act in acts:
        if isinstance(caller.step, Leave):
            assert person_there or caller.exit == "goodbye"
            break
        if isinstance(caller.step, LookUp):
            caller.found(STANDING if act in "13579" else None)
        elif act == "silence":
            caller.listen()
        elif act == "speech" and isinstance(caller.step, Play) and caller.step.names:
            caller.say("21")
        elif act == "speech" and isinstance(caller.step, AskDigits):
            caller.type("13912345678" if caller.state == "number" else "12345671")
        elif act in "0123456789*#":
            caller.press(act)
        assert caller.said, "a caller never hears nothing"
    for _ in range(40):
        if isinstance(caller.step, Leave):
            return
        if isinstance(caller.step, LookUp):
            caller.found(None)
        else:
            caller.listen()
    raise AssertionError("silence alone does not end the walk")


def values(standing: Standing) -> dict:
    return {name: getattr(standing, name) for name in standing.__slots__}


def brought_to(state: State, **options) -> Caller:
    caller = Caller(**options)
    match state:
        case State.GROUP:
            return caller.press("1")
        case State.CONFIRM:
            return caller.say("11")
        case State.NOTICE:
            return caller.press("1", "1")
        case State.AFTER:
            return caller.press("1", "1").to_the_end()
        case State.CALLBACK:
            return caller.press("7")
        case State.NUMBER:
            return caller.press("7", "2")
        case State.NUMBER_CONFIRM:
            return caller.press("7", "2").type("13912345678")
        case State.COMPLAINT:
            return caller.press("9")
        case State.CODE:
            return caller.press("8")
        case State.STANDING:
            return caller.press("8").type("12345671").found(STANDING)
        case State.SECOND_VISIT:
            return caller.press("8").type("12345671").found(STANDING).press("2")
        case State.DONE:
            return caller.press("7", "1")
        case _:
            return caller
