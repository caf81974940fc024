"""Which phones are behind what a queue calls a member, from each source that may tell it."""

import pytest
from voicedesk.calls.members import Tie, Ties
from voicedesk.calls.model import Hall

A1, A2 = "PJSIP/agent1", "PJSIP/agent2"
HALL = Hall(phones=frozenset({A1, A2, "SIP/300"}), extensions={A1: "6001", A2: "6002"})
LOCAL = "Local/6001@from-queue"


@pytest.fixture
def ties():
    return Ties(HALL)


@pytest.mark.parametrize(
    ("interface", "state_interface", "phone"),
    [
        (A1, A1, A1),
        (A1, "", A1),
        (A1, "hint:6002@phones", A1),
        ("Local/6002@phones/n", A1, A1),
        ("Local/6001@phones/n", "hint:6001@phones", A1),
        ("Local/6001@from-queue/n", "Local/6001@from-queue/n", A1),
        ("Local/6001@from-queue", "", A1),
        ("local/6001@from-queue/nj", "HINT:6001@ext-local", A1),
        ("Local/6001/n", "", A1),
        ("hint:6001@ext-local", "hint:6001@ext-local", A1),
        ("Local/8001@agents/n", "hint:6001@ext-local", A1),
        ("Local/wang@agents/n", "Custom:agent6001", A1),
        ("Custom:6001", "", A1),
        ("Local/6001@from-queue/n", "Custom:room7", A1),
        ("pjsip/agent1", "pjsip/agent1", A1),
        ("PJSIP/Agent1", "", A1),
        ("Local/300@from-queue/n", "hint:300@ext-local", "SIP/300"),
        ("sip/300", "", "SIP/300"),
        ("SCCP/77", "hint:77@ext-local", "SCCP/77"),
        ("DAHDI/3", "", "DAHDI/3"),
        ("IAX2/shop", "", "IAX2/shop"),
    ],
)
def test_one_phone_is_behind_a_member(ties, interface, state_interface, phone):
    assert ties.behind(interface, state_interface) == Tie((phone,), is_seat=True)


@pytest.mark.parametrize(
    ("interface", "state_interface"),
    [
        ("Local/13800138000@from-queue/n", "hint:13800138000@ext-local"),
        ("PJSIP/13800138000@trunk", ""),
        ("SIP/trunk/13800138000", ""),
        ("Local/6003@phones/n", "hint:6003@phones"),
        ("Agent/6001", "Agent/6001"),
        ("Local/6001@agents/n", "Agent:6001"),
        ("Custom:DND", ""),
        ("Queue:fpbx_pause_Local/6001@phones/n", ""),
        ("hint:", ""),
        ("Local/@x", ""),
        ("", ""),
        ("PJSIP/", ""),
        ("@", "/"),
        ("Local/600160016001@phones", ""),
    ],
)
def test_a_member_that_nothing_ties_to_a_phone_has_none(ties, interface, state_interface):
    assert ties.behind(interface, state_interface) == Tie()


OTHER_DEVICES = (
    "Custom:DND101 Custom:DEVDND101 Custom:FOLLOWME101 Custom:Queue101*9000 Queue:fpbx Queue:fpbx_pause_PJSIP/101 "
    "Local/1@x confbridge:8000 Agent:101 Agent/101 hint:101@a MeetMe:1 park:701@p"
)


@pytest.mark.parametrize("name", OTHER_DEVICES.split())
def test_other_devices_of_a_switch_are_no_phones(ties, name):
    before = ties.version
    assert ties.saw_device(name) == ""
    assert ties.version == before


def test_a_number_is_the_phone_that_is_called_so_once_its_device_was_seen():
    ties = Ties(Hall())
    assert ties.behind("Local/101@from-queue/n", "hint:101@ext-local") == Tie()
    assert ties.saw_device("PJSIP/101") == "PJSIP/101"
    assert ties.behind("Local/101@from-queue/n", "hint:101@ext-local") == Tie(("PJSIP/101",), is_seat=True)
    assert ties.number_of("PJSIP/101") == "101"


def test_the_switch_s_own_hint_tells_the_phone_whatever_it_is_called():
    ties = Ties(Hall())
    ties.saw_hint("6001", "phones", "PJSIP/desk-3&Custom:DND6001,CustomPresence:6001")
    assert ties.behind("Local/6001@from-queue/n", "hint:6001@phones") == Tie(("PJSIP/desk-3",), is_seat=True)
    assert ties.number_of("PJSIP/desk-3") == "6001"
    ties.saw_hint("6001", "phones", "PJSIP/desk-4&Custom:DND6001,CustomPresence:6001")
    assert ties.behind("Local/6001@from-queue/n", "hint:6001@phones").phones == ("PJSIP/desk-4",)


def test_a_phone_that_one_hint_alone_names_has_its_number_and_one_that_two_name_has_none():
    ties = Ties(Hall())
    for number, devices in (("101", "SIP/hall"), ("102", "SIP/desk"), ("103", "SIP/desk")):
        ties.saw_hint(number, "phones", devices)
    assert [ties.number_of(phone) for phone in ("SIP/hall", "SIP/desk", "SIP/else")] == ["101", None, None]
    ties.saw_hint("104", "phones", "SIP/hall")
    assert ties.number_of("SIP/hall") is None


def test_hints_of_other_contexts_count_only_where_they_agree():
    ties = Ties(Hall())
    ties.saw_hint("101", "tenant-a", "PJSIP/a101")
    ties.saw_hint("101", "tenant-b", "PJSIP/b101")
    ties.saw_hint("101", "parking", "Custom:101")
    assert ties.behind("Local/101@tenant-b/n", "hint:101@tenant-b").phones == ("PJSIP/b101",)
    assert ties.behind("Local/101@from-queue/n", "").phones == ()
    ties.saw_hint("102", "tenant-a", "SIP/desk")
    assert ties.behind("Local/102@from-queue/n", "").phones == ("SIP/desk",)


def test_two_devices_of_one_extension_are_one_seat_and_the_settings_phone_is_its_main_one(ties):
    ties.saw_hint("6001", "ext-local", "SIP/soft1&PJSIP/agent1&Custom:DND6001")
    assert ties.behind("Local/6001@from-queue/n", "hint:6001@ext-local") == Tie((A1, "SIP/soft1"), is_seat=True)


def test_a_colleague_whom_a_hint_watches_too_is_not_at_that_seat(ties):
    ties.saw_hint("6001", "ext-local", "PJSIP/agent1&PJSIP/agent2")
    assert ties.behind("Local/6001@from-queue/n", "hint:6001@ext-local").phones == (A1,)


def test_the_settings_win_over_a_hint_that_names_another_phone(ties):
    ties.saw_hint("6001", "ext-local", "PJSIP/somebody")
    assert ties.behind("Local/6001@from-queue/n", "hint:6001@ext-local").phones == (A1,)


def test_a_hint_over_phones_with_numbers_of_their_own_is_a_group(ties):
    ties.saw_hint("600", "ext-local", "PJSIP/agent1&PJSIP/agent2")
    assert ties.behind("Local/600@from-queue/n", "hint:600@ext-local") == Tie((A1, A2), is_seat=False)


def test_calls_teach_the_phone_behind_a_local_channel():
    ties = Ties(Hall())
    ties.saw_dial("PJSIP/trunk-00000001", "Local/wang@agents-00000000;1", "Local/wang@agents/n")
    ties.saw_dial("Local/wang@agents-00000000;2", "PJSIP/desk-00000002", "desk")
    assert ties.behind("Local/wang@agents/n", "") == Tie(("PJSIP/desk",), is_seat=True)


def test_local_channels_behind_local_channels_lead_to_the_phone():
    ties = Ties(Hall())
    ties.saw_dial("Local/101@from-queue-00000000;2", "Local/FMPR-101@from-internal-00000001;1", "Local/FMPR-101@…/n")
    ties.saw_dial("Local/FMPR-101@from-internal-00000001;2", "Local/x@y-00000002;1", "Local/x@y/n")
    ties.saw_dial("Local/x@y-00000002;2", "SIP/desk-00000005", "desk")
    assert ties.behind("Local/101@from-queue/n", "").phones == ("SIP/desk",)


def test_a_trunk_is_not_the_phone_behind_a_member():
    ties = Ties(Hall())
    ties.saw_dial("Local/13800138000@from-queue-00000000;2", "PJSIP/trunk-00000002", "13800138000@trunk")
    ties.saw_dial("Local/13800138000@from-queue-00000000;2", "PJSIP/trunk-00000002", "")
    assert ties.behind("Local/13800138000@from-queue/n", "") == Tie()


def test_a_colleague_to_whom_calls_were_forwarded_does_not_sit_there(ties):
    ties.saw_dial("Local/6003@from-queue-00000000;2", "PJSIP/agent2-00000002", "agent2")
    assert ties.behind("Local/6003@from-queue/n", "hint:6003@ext-local") == Tie((A2,), is_seat=False)


def test_a_ring_group_has_all_phones_that_calls_reached_through_it(ties):
    for phone in ("agent1", "agent2"):
        ties.saw_dial("Local/600@from-queue-00000000;2", f"PJSIP/{phone}-00000002", phone)
    assert ties.behind("Local/600@from-queue/n", "") == Tie((A1, A2), is_seat=False)


def test_other_settings_give_other_phones_at_once(ties):
    assert ties.behind(LOCAL, "").phones == (A1,)
    ties.hall = Hall(phones=frozenset({"SIP/new"}), extensions={"SIP/new": "6001"})
    assert ties.behind(LOCAL, "").phones == ("SIP/new",)
    assert ties.hall.extensions == {"SIP/new": "6001"}


@pytest.mark.parametrize(
    "told",
    [(None, "phones", "PJSIP/x"), ("", "phones", "PJSIP/x"), ("6001", None, "PJSIP/x"), ("6001", "phones", None)],
)
def test_a_hint_of_which_the_number_the_context_or_the_devices_are_missing_tells_nothing(told):
    ties = Ties(Hall())
    before = ties.version
    ties.saw_hint(*told)
    assert (ties.version, ties.known()["hints"]) == (before, {})


def test_what_was_learned_is_carried_on_and_newer_knowledge_stays():
    ties = Ties(Hall())
    ties.saw_hint("101", "ext-local", "PJSIP/old&Custom:DND101")
    ties.saw_dial("Local/wang@agents-00000000;2", "PJSIP/desk-00000002", "desk")
    later = Ties(Hall())
    later.saw_hint("101", "ext-local", "PJSIP/new")
    later.assume(ties.known())
    assert later.behind("Local/101@from-queue/n", "hint:101@ext-local").phones == ("PJSIP/new",)
    assert later.behind("Local/wang@agents/n", "").phones == ("PJSIP/desk",)
    later.assume({})


def test_pairs_of_local_channels_are_remembered_within_bounds():
    ties = Ties(Hall())
    for n in range(3000):
        ties.saw_dial(f"Local/1@a-{n:08x};2", f"Local/2@b-{n:08x};1", "Local/2@b/n")
    assert len(ties._outer) == 1000
    for n in range(100):
        ties.saw_dial("Local/1@a-00000000;2", f"PJSIP/p{n}-00000001", f"p{n}")
    assert len(ties.behind("Local/1@a/n", "").phones) == 20
