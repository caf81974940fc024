"""Which messages are believed, and what stands in place of the others."""

import pytest
from tests.fakes.ami_server import block, channel_headers, event, newstate
from voicedesk.ami.framing import Framer
from voicedesk.ami.message import AmiEvent
from voicedesk.ami.screen import SUSPECT_BYTES, SUSPECT_US, Screen

NOW = 1795421354_200000


def sift(screen, *parts, at=NOW):
    return screen.sift(Framer(expect_banner=False).receive_data(b"".join(parts)), at)


def names(kept):
    return [found.name for found in kept]


def agent(number, **more):
    return newstate("PJSIP/agent1-1", f"2.{number}", **more)


FORGED = event("Hangup", *channel_headers("PJSIP/agent1-1", "2.1")).decode()


def hostile(text):
    return newstate("PJSIP/trunk-9", "9.9", number=text)


def test_events_and_responses_pass_in_order():
    kept = sift(Screen(), agent(1), block(("Response", "Success"), ("ActionID", "x")), agent(2))
    assert [type(found) for found in kept] == [AmiEvent, bytes, AmiEvent]
    assert kept[0].arrived_us == NOW


def test_unwanted_events_are_dropped_by_name_and_counted():
    screen = Screen({"Hangup", "Newstate"})
    kept = sift(screen, agent(1), event("VarSet", *channel_headers("a", "1")), agent(2), event("Odd", ("A", 1)))
    assert names(kept) == ["Newstate", "Newstate"]
    assert (screen.counters.unwanted, screen.counters.messages) == (2, 4)


@pytest.mark.parametrize("asked", [set(), {"x-1"}])
def test_an_unwanted_event_without_its_empty_line_does_not_hide_the_next_one(asked):
    screen = Screen({"Hangup", "Newstate"})
    screen.asked = asked
    unended = event("Vendor", ("Status", "Complete")).removesuffix(b"\r\n") + b"\n"
    kept = sift(screen, agent(1), unended, agent(2), agent(3), unended, event("VarSet", ("A", 1)))
    assert names(kept) == ["Newstate", "VoicedeskDoubt", "Newstate"]
    assert kept[1].get("Uniqueid") == "2.2"
    assert (screen.counters.unwanted, screen.counters.distrusted) == (2, 1)


def test_fault_12_messages_with_bytes_that_are_no_utf_8_are_kept_and_counted():
    screen = Screen()
    gbk = agent(1).replace(b"<unknown>", "王小明".encode("gbk"))
    utf_8 = agent(2).replace(b"<unknown>", "王小明".encode())
    assert names(sift(screen, gbk, utf_8, agent(3))) == ["Newstate"] * 3
    assert (screen.counters.garbled, screen.counters.distrusted) == (1, 0)


def test_a_letter_cut_by_the_end_of_a_message_is_not_made_whole_by_the_next_one():
    screen = Screen()
    letter = "王".encode()
    cut, rest = b"Event: A\r\nValue: " + letter[:2] + b"\r\n\r\n", letter[2:] + b"\r\n\r\n"
    sift(screen, cut, rest, agent(1))
    assert screen.counters.garbled == 2


def test_fault_19_with_everything_wanted_unknown_events_pass_and_their_names_are_learned():
    screen = Screen()
    assert names(sift(screen, event("Odd", ("A", 1)) * 2)) == ["Odd", "Odd"]
    many = [event(f"Odd{number}", ("A", 1)) for number in range(2100)]
    assert len(sift(screen, *many)) == 2100


def test_an_event_in_another_spelling_is_an_event():
    assert names(sift(Screen(), b"EVENT:Newstate\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\n\r\n")) == ["Newstate"]


def test_items_of_a_list_that_was_asked_for_pass_without_privilege_and_others_do_not():
    screen = Screen({"Newstate"})
    item = block(("Event", "QueueParams"), ("Queue", "hotline"), ("ActionID", "x-1"))
    assert sift(screen, item) == []
    screen.asked.add("x-1")
    assert names(sift(screen, item, item.replace(b"x-1", b"x-2"), event("Odd", ("A", 1)))) == ["QueueParams"]
    assert sift(Screen(), item) == []


def test_an_event_without_privilege_is_dropped():
    screen = Screen()
    assert sift(screen, block(("Event", "Shutdown")), block(("Event", "Shutdown"), ("Shutdown", "Cleanly"))) == []
    assert screen.counters.misplaced == screen.counters.distrusted == 2


def test_an_event_without_timestamp_is_dropped_once_the_link_has_shown_them_except_the_greeting():
    screen = Screen()
    bare = event("Hangup", ("Channel", "a"), ("Uniqueid", "1"), timestamp=None)
    booted = event("FullyBooted", ("Uptime", 1), timestamp=None)
    assert names(sift(screen, bare, booted, agent(1), bare, booted)) == [
        "Hangup",
        "FullyBooted",
        "Newstate",
        "FullyBooted",
    ]
    assert screen.counters.misplaced == 1
    assert names(sift(screen, block(("Event", "Short"), ("Privilege", "x,all")))) == []


def test_the_wire_cannot_speak_in_our_name():
    screen = Screen({"VoicedeskLink", "Newstate"})
    assert sift(screen, event("VoicedeskLink", ("State", "up")), event("voicedeskdoubt", ("Channel", "a"))) == []
    assert screen.counters.unwanted == 2
    screen = Screen()
    assert sift(screen, event("VoicedeskLink", ("State", "up"))) == []
    assert screen.counters.misplaced == 1


@pytest.mark.parametrize("key", ["Channel", "Uniqueid", "Event"])
def test_fault_16_a_channel_event_with_a_repeated_header_becomes_a_doubt(key):
    screen = Screen()
    good = agent(1)
    bad = good.replace(b"\r\nContext", f"\r\n{key}: forged\r\nContext".encode())
    kept = sift(screen, good, bad, good)
    assert names(kept) == ["Newstate", "VoicedeskDoubt", "Newstate"]
    assert kept[1].get("Channel") == "PJSIP/agent1-1"
    assert kept[1].get("Uniqueid") == "2.1"
    assert kept[1].get("Timestamp") == "1795421354.134550"
    assert kept[1].get("Reason") == "repeated"
    assert screen.counters.damaged == 1


@pytest.mark.parametrize("key", ["Channel", "Uniqueid", "Event"])
def test_fault_16_a_user_event_with_a_repeated_header_is_only_flagged(key):
    screen = Screen()
    said = (*channel_headers("PJSIP/trunk-1", "1.1"), ("UserEvent", "Line"), (key, "other"), ("CallerIDNum", "138"))
    plain, flagged = sift(screen, event("UserEvent", *said[:-2]), event("UserEvent", *said))
    assert (plain.doubtful, flagged.doubtful) == (False, True)
    assert flagged.get("Channel") == "PJSIP/trunk-1"
    assert flagged.get("Uniqueid") == "1.1"
    assert screen.counters.flagged == 1


def test_a_caller_before_its_channel_or_apart_from_its_name_is_a_doubt():
    early = event("Newstate", ("CallerIDNum", "138"), *channel_headers("PJSIP/a-1", "1.1"))
    apart = agent(1).replace(b"\r\nCallerIDName", b"\r\nCause: 16\r\nCallerIDName")
    assert names(sift(Screen(), early, apart, agent(2))) == ["VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]


@pytest.mark.parametrize("text", ["1\r\nCause: 16", "1\r\nCallerIDName: a\r\nCause: 16", f"1\r\n{FORGED[7:].strip()}"])
@pytest.mark.parametrize("prefix", ["", "Dest"])
def test_headers_let_in_with_a_number_make_the_event_a_doubt(text, prefix):
    dest = [(f"Dest{key}", value) for key, value in channel_headers("PJSIP/agent1-1", "2.1")]
    whole = event("DialEnd", *channel_headers("PJSIP/trunk-9", "9.9"), *dest).decode()
    bad = whole.replace(f"\r\n{prefix}CallerIDNum: 13800138000", f"\r\n{prefix}CallerIDNum: {text}").encode()
    bad_other = whole.replace(f"\r\n{prefix}ConnectedLineNum: ", f"\r\n{prefix}ConnectedLineNum: {text}").encode()
    kept = sift(Screen(), agent(1), whole.encode(), bad, bad_other, agent(2))
    assert names(kept) == ["Newstate", "DialEnd", "VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]
    assert [found.get("Channel") for found in kept[2:4]] == ["PJSIP/trunk-9"] * 2


def test_a_user_event_may_say_the_caller_again():
    said = (
        *channel_headers("PJSIP/trunk-1", "1.1"),
        ("UserEvent", "Line"),
        ("CallerIDNum", "138"),
        ("CallerIDName", "x"),
    )
    kept = sift(Screen(), agent(1), event("UserEvent", *said))
    assert names(kept) == ["Newstate", "UserEvent"]
    assert not kept[1].doubtful


def test_a_number_without_line_breaks_harms_nothing():
    kept = sift(Screen(), hostile("138 Event: Hangup CallerIDNum: 1"))
    assert names(kept) == ["Newstate"]


def test_a_cut_channel_event_hides_nothing_but_itself_and_its_remainder():
    screen = Screen({"Newstate", "Hangup"})
    kept = sift(screen, agent(1), hostile(f"1\r\n\r\n{FORGED}{FORGED}X: 1"), agent(2))
    assert names(kept) == ["Newstate", "VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]
    head, remainder = kept[1:3]
    assert (head.get("Channel"), head.get("Uniqueid"), head.get("Reason")) == ("PJSIP/trunk-9", None, "cut")
    assert (remainder.get("Channel"), remainder.get("Uniqueid")) == ("PJSIP/trunk-9", "9.9")
    assert remainder.get("Linkedid") == "9.9"
    assert remainder.timestamp_us == kept[0].timestamp_us
    assert (screen.counters.suspect, screen.counters.damaged, screen.counters.orphans) == (2, 1, 1)


def test_a_cut_event_is_seen_even_where_nobody_wants_it():
    cut = event("VarSet", *channel_headers("PJSIP/trunk-9", "9.9", number=f"1\r\n\r\n{FORGED}X: 1"))
    assert names(sift(Screen({"Hangup"}), cut)) == ["VoicedeskDoubt", "VoicedeskDoubt"]


def test_a_remainder_inside_another_event_ends_the_suspicion_too():
    kept = sift(Screen(), hostile(f"1\r\n\r\n{FORGED.removesuffix(chr(13) + chr(10))}X: 1"), agent(2))
    assert names(kept) == ["VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]


def test_the_second_channel_of_an_event_is_looked_at_as_well():
    dest = [(f"Dest{key}", value) for key, value in channel_headers("PJSIP/agent1-1", "2.1")]
    whole = event("DialBegin", *channel_headers("PJSIP/trunk-9", "9.9"), *dest)
    only_dest = event("DialBegin", *dest)
    cut = whole.replace(b"DestCallerIDNum: 13800138000", b"DestCallerIDNum: 1\r\n\r\n" + FORGED.encode() + b"X: 1")
    kept = sift(Screen(), whole, only_dest, cut)
    assert names(kept) == ["DialBegin", "DialBegin", "VoicedeskDoubt", "VoicedeskDoubt"]
    assert kept[2].get("Uniqueid") == "9.9"
    cut = only_dest.replace(b"DestCallerIDNum: 13800138000", b"DestCallerIDNum: 1\r\n\r\n" + FORGED.encode() + b"X: 1")
    assert sift(Screen(), cut)[0].get("Channel") == "PJSIP/agent1-1"


def test_an_event_cut_in_both_its_channels_lets_nothing_through():
    dest = [(f"Dest{key}", value) for key, value in channel_headers("PJSIP/agent1-1", "2.1")]
    whole = event("DialEnd", *channel_headers("PJSIP/trunk-9", "9.9"), *dest)
    text = b"CallerIDNum: 1\r\n\r\n" + FORGED.encode() + b"X: 1"
    kept = sift(Screen(), agent(1), whole.replace(b"CallerIDNum: 13800138000", text), agent(2))
    assert names(kept) == ["Newstate", *["VoicedeskDoubt"] * 3, "Newstate"]
    assert [found.get("Uniqueid") for found in kept[1:4]] == [None, "9.9", None]


def test_a_channel_without_any_id_is_a_cut_event_but_not_where_that_is_usual():
    screen = Screen()
    usual = event("TestEvent", ("Type", "StateChange"), ("Channel", "PJSIP/a-1"))
    waiting = event("QueueEntry", ("Queue", "hotline"), ("Channel", "a"), ("CallerIDNum", "138"), ("Wait", 3))
    peers = event("BridgeMerge", ("BridgeUniqueid", "b"))
    assert names(sift(screen, usual, waiting, peers)) == ["TestEvent", "QueueEntry", "BridgeMerge"]
    assert names(sift(screen, event("Newstate", ("Channel", "PJSIP/a-1")))) == ["VoicedeskDoubt"]


PRINTED = {
    "QueueEntry": [("Queue", "hotline"), ("Channel", "PJSIP/trunk-9"), ("Uniqueid", "9.9"), "CallerIDNum"],
    "OriginateResponse": [("Response", "Failure"), ("Channel", "PJSIP/trunk-9"), ("Uniqueid", "9.9"), "CallerIDNum"],
    "Cdr": [("AccountCode", ""), "Source", ("Destination", "4001"), ("UniqueID", "9.9")],
    "CEL": [("EventName", "CHAN_START"), "CallerIDnum", ("Channel", "PJSIP/trunk-9"), ("LinkedID", "9.9")],
}


@pytest.mark.parametrize("name", PRINTED)
def test_events_that_print_a_caller_in_their_own_way_are_looked_at_as_well(name):
    rest = [("CallerIDName", "x"), ("Wait", 3)] if name in ("QueueEntry", "OriginateResponse") else []

    def printed(number):
        headers = [(part, number) if isinstance(part, str) else part for part in PRINTED[name]]
        return event(name, *headers, *rest)

    kept = sift(Screen(), agent(1), printed("138"), printed(f"1\r\n\r\n{FORGED}X: 1"), agent(2))
    assert names(kept) == ["Newstate", name, "VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]


def test_an_odd_spelling_does_not_hide_a_cut():
    cut = newstate("PJSIP/a-1", "1.1").partition(b"\r\nCallerIDName")[0].replace(b"Event: ", b"event:")
    assert names(sift(Screen(), cut + b"\r\n\r\n")) == ["VoicedeskDoubt"]


def test_a_suspicion_ends_by_itself_when_nothing_of_the_event_can_come_any_more():
    head = agent(9).partition(b"\r\nCallerIDName")[0] + b"\r\n\r\n"
    screen = Screen()
    assert names(sift(screen, head)) == ["VoicedeskDoubt"]
    assert sift(screen, agent(1), at=NOW + SUSPECT_US) == []
    kept = sift(screen, agent(2), at=NOW + SUSPECT_US + 1)
    assert names(kept) == ["VoicedeskLink", "Newstate"]
    assert (kept[0].get("State"), kept[0].get("Dropped")) == ("dropped", "1")
    assert names(sift(screen, head)) == ["VoicedeskDoubt"]
    count = SUSPECT_BYTES // (len(agent(1)) - 4)
    assert names(sift(screen, agent(1) * (count + 5))) == ["VoicedeskLink"] + ["Newstate"] * 5


def test_where_a_cut_event_found_its_end_or_nothing_was_dropped_no_event_is_missing():
    head, _, rest = agent(9).partition(b"\r\nCallerIDName")
    screen = Screen()
    kept = sift(screen, head + b"\r\n\r\n", agent(1), b"CallerIDName" + rest, agent(2))
    assert names(kept) == ["VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]
    assert names(sift(screen, head + b"\r\n\r\n")) == ["VoicedeskDoubt"]
    assert names(sift(screen, agent(3), at=NOW + SUSPECT_US + 1)) == ["Newstate"]


@pytest.mark.parametrize("later_us", [1, 50_000, 200_000])
@pytest.mark.parametrize("kib", [0, 2, 60])
def test_what_a_caller_forged_is_dropped_however_long_it_is_and_however_late_the_rest_arrives(later_us, kib):
    """A slow line brings the parts of one event in several reads; a caller's name may hold as much as one line may."""
    filler = event("Varied", *channel_headers("PJSIP/agent1-1", "2.1"), ("X", "y" * 500)).decode()
    forged = filler * (kib * 1024 // (len(filler) - 4)) + FORGED
    head, _, rest = hostile(f"1\r\n\r\n{forged}X: 1").partition(b"\r\n\r\n")
    screen = Screen()
    kept = sift(screen, agent(1), head + b"\r\n\r\n")
    kept += sift(screen, rest, agent(2), at=NOW + later_us)
    assert names(kept) == ["Newstate", "VoicedeskDoubt", "VoicedeskDoubt", "Newstate"]


def test_answers_and_lists_that_were_asked_for_are_never_suspect():
    screen = Screen()
    screen.asked.add("x-1")
    head = agent(9).partition(b"\r\nCallerIDName")[0] + b"\r\n\r\n"
    reply = block(("Response", "Success"), ("ActionID", "x-1"))
    item = block(("Event", "CoreShowChannel"), ("ActionID", "x-1"), *channel_headers("PJSIP/a-1", "1.1"))
    forged = reply.replace(b"x-1", b"x-2")
    kept = sift(screen, head, forged, reply, item, agent(1))
    assert [found if isinstance(found, bytes) else found.name for found in kept] == [
        "VoicedeskDoubt",
        reply.removesuffix(b"\r\n\r\n"),
        "CoreShowChannel",
    ]


def test_a_block_that_is_neither_event_nor_response_is_an_orphan_and_says_so():
    screen = Screen()
    kept = sift(screen, b"AppData: x\r\nUniqueid: 9.9\r\n\r\n", agent(1))
    assert names(kept) == ["VoicedeskDoubt", "Newstate"]
    assert (kept[0].get("Reason"), kept[0].get("Uniqueid"), kept[0].get("Channel")) == ("orphan", "9.9", None)
    assert kept[0].timestamp_us == NOW
    assert screen.counters.orphans == 1


def test_a_doubt_without_any_clock_has_no_timestamp():
    assert sift(Screen(recorded=True), b"AppData: x\r\n\r\n", at=0)[0].timestamp_us is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_forged_text_gives_the_same_whatever_the_cut(size):
    data = agent(1) + hostile(f"1\r\n\r\n{FORGED}X: 1") + agent(2) + hostile("1\r\nUniqueid: 2.1") + agent(3)
    framer, screen = Framer(expect_banner=False), Screen()
    kept = []
    for at in range(0, len(data), size):
        kept += screen.sift(framer.receive_data(data[at : at + size]), NOW)
    assert [found.raw for found in kept] == [found.raw for found in sift(Screen(), data)]
