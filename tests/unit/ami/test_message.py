"""Events and responses: what a header's value is, whatever the bytes."""

import pytest
from asterisk.ami.event import Event, EventKeyParser, EventListener
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.ami_server import channel_headers, event, newstate
from tests.unit.ami.test_captures import CAPTURES
from voicedesk.ami.message import AmiEvent, AmiResponse, Origin, make_event, match_description, unescape
from voicedesk.ami.recorded import RecordedConversation


def made(*lines, name="Newstate"):
    return AmiEvent.from_bytes(b"\r\n".join([b"Event: " + name.encode(), b"Privilege: call,all", *lines]))


def test_a_header_is_found_by_its_name_and_an_absent_one_gives_the_default():
    found = made(b"Channel: PJSIP/a-1", b"Uniqueid: 1.1")
    assert found.get("Event") == found.name == "Newstate"
    assert found.get("Channel") == "PJSIP/a-1"
    assert found.get("Uniqueid") == "1.1"
    assert found.get("Cause") is None
    assert found.get("Cause", "16") == "16"


def test_fault_11_a_character_split_across_reads_stays_whole():
    data = newstate("PJSIP/a-1", "1.1").replace(b"<unknown>", "王小明".encode())
    cut = data.index("王".encode()) + 1
    events = RecordedConversation().read([data[:cut], data[cut:]])
    assert [found.get("CallerIDName") for found in events] == ["王小明"]


def test_fault_12_bytes_that_are_no_utf_8_are_replaced_and_kept_raw():
    name = "王小明".encode("gbk")
    found = made(b"CallerIDName: " + name, b"Uniqueid: 1.1")
    assert "\ufffd" in found.get("CallerIDName")
    assert found.get("Uniqueid") == "1.1"
    assert name in found.raw


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\x0b", "\x0c", "\n", "\r"])
def test_fault_13_no_character_but_crlf_begins_a_header(separator):
    found = made(f"CallerIDName: a{separator}Uniqueid: 6.6".encode(), b"Uniqueid: 1.1")
    assert found.get_all("Uniqueid") == ["1.1"]
    assert found.keys["Uniqueid"] == "1.1"
    assert found.get("CallerIDName") == f"a{separator}Uniqueid: 6.6"


def test_fault_14_control_characters_never_reach_a_terminal_by_way_of_a_message_shown():
    found = made(b"CallerIDName: a\x00\x1b[31mb")
    assert found.get("CallerIDName") == "a\x00\x1b[31mb"
    assert not set("\x00\x1b") & set(str(found) + repr(found))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"Key:", ""),
        (b"Key: ", ""),
        (b"Key:value", "value"),
        (b"Key :v", "v"),
        (b"KEY: v", "v"),
        (b"Key:  two  ", " two  "),
        (b"Key: Subject: re: x; y=1", "Subject: re: x; y=1"),
        (b"Keys: other", None),
    ],
)
def test_fault_15_unusual_spellings_are_understood(line, value):
    for lines in ([b"no colon here", line, b"Uniqueid: 1.1"], [b"no colon here", line]):
        found = made(*lines)
        assert found.get("Key") == value
        assert found.malformed_lines == 1


def test_fault_16_of_a_repeated_header_the_first_wins():
    found = made(b"Channel: PJSIP/a-1", b"channel:PJSIP/b-1", b"Channel: PJSIP/c-1")
    assert found.get("Channel") == "PJSIP/a-1"
    assert found.get_all("Channel") == ["PJSIP/a-1", "PJSIP/b-1", "PJSIP/c-1"]


def test_fault_17_a_hundred_repeated_headers_are_all_kept():
    found = made(*[b"ChanVariable: V%d=a\\nb" % number for number in range(100)])
    assert found.get_all("ChanVariable") == [f"V{number}=a\nb" for number in range(100)]
    assert len(found.headers) == 102
    assert found.keys["ChanVariable"]["V99"] == "a\\nb"


def test_fault_19_an_unknown_event_with_unknown_headers_is_an_event_like_any_other():
    found = made(b"Brand-New: 1", name="NobodyKnowsMe")
    assert (found.name, found.get("Brand-New")) == ("NobodyKnowsMe", "1")


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("Newstate", "CallerIDName", 'a"b'),
        ("DialBegin", "DestConnectedLineName", 'a"b'),
        ("VarSet", "Value", 'a"b'),
        ("DTMFEnd", "Value", r"a\"b"),
        ("Newstate", "AppData", r"a\"b"),
        ("QueueEntry", "CallerIDName", r"a\"b"),
    ],
)
def test_escapes_are_undone_where_the_switch_makes_them_and_nowhere_else(name, key, expected):
    found = made(f'{key}: a\\"b'.encode(), name=name)
    assert found.get(key) == expected
    assert (key, expected) in found.headers


@given(st.text())
def test_every_text_survives_escaping_and_unescaping(text):
    table = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}
    table |= {mark: mark for mark in "\\'\"?"}
    assert unescape("".join(f"\\{table[mark]}" if mark in table else mark for mark in text)) == text


def test_an_unknown_escape_stays_as_it_is():
    assert unescape(r"a\zb\ ") == r"a\zb\ "
    assert unescape("ab") == "ab"


@pytest.mark.parametrize("path", CAPTURES[:3], ids=lambda path: path.stem)
def test_keys_are_those_asterisk_ami_would_give(path):
    for found in RecordedConversation().read([path.read_bytes()]):
        assert found.keys == Event.read(found.raw.decode()).keys
        assert found.keys == {key: found[key] for key in found}


def test_a_parser_of_asterisk_ami_that_fails_only_loses_its_own_header():
    found = made(b"ChanVariable: NOEQ", b"Uniqueid: 1.1", b"no colon")
    assert found.keys == {"Privilege": "call,all", "ChanVariable": {}, "Uniqueid": "1.1"}
    assert isinstance(Event.parsers["ChanVariable"]("Newstate", {}), EventKeyParser)


def test_a_listener_with_white_list_and_attributes_gets_the_events_it_asked_for():
    seen = []
    listener = EventListener(lambda event, **_: seen.append(event), white_list="Newstate", Uniqueid=["1.1"])
    for uniqueid in ("1.1", "1.2"):
        listener(event=made(b"Uniqueid: " + uniqueid.encode()), source=None)
    listener(event=made(name="Hangup"), source=None)
    assert [found["Uniqueid"] for found in seen] == ["1.1"]


@pytest.mark.parametrize("dest", [[], [(f"Dest{key}", value) for key, value in channel_headers("PJSIP/b-2", "1.2")]])
def test_values_found_while_screening_are_those_found_by_searching(dest):
    headers = [*channel_headers("PJSIP/a-1", "1.1", number="138"), *dest]
    raw = event("DialState", *headers).removesuffix(b"\r\n\r\n")
    fast = AmiEvent(raw, "DialState", 1, Origin(pbx="hall", boot="b"), match_description(raw))
    slow = AmiEvent.from_bytes(raw, arrived_us=1)
    for key, value in (*headers, ("Timestamp", "1795421354.134550")):
        assert fast.get(key) == slow.get(key) == str(value)
    assert fast.get("DestUniqueid") == ("1.2" if dest else None)
    assert fast.timestamp_us == slow.timestamp_us == 1795421354134550


def test_a_timestamp_that_is_missing_or_none_is_unknown():
    assert made().timestamp_us is None
    assert made(b"Timestamp: soon").timestamp_us is None


def test_what_is_no_event_is_refused():
    with pytest.raises(ValueError, match="not an event"):
        AmiEvent.from_bytes(b"Response: Success")


def test_an_event_of_ours_cannot_be_broken_by_its_values():
    found = make_event("VoicedeskLink", {"Reason": "a\r\nEvent: b", "Version": None}, arrived_us=7)
    assert found.raw == b"Event: VoicedeskLink\r\nReason: a  Event: b"
    assert found.arrived_us == 7


def test_thousands_of_odd_names_of_headers_are_searched_without_being_remembered():
    found = made(b"Uniqueid: 1.1")
    assert all(found.get(f"Odd-{number}") is None for number in range(1100))
    assert found.get("Odd-1099", "none") == "none"


def test_a_response_joins_repeated_headers_and_keeps_what_has_no_colon():
    found = AmiResponse(b"Response: Success\r\nActionID: x-1\r\nOutput: a: 1\r\nOutput: b\r\nstray\r\nMessage: done")
    assert (found.status, found.action_id, found.message) == ("Success", "x-1", "done")
    assert found.output == ["a: 1", "b"]
    assert found.follows == ["stray"]
    assert not found.is_error()
    assert AmiResponse(b"Response: Error").output == []
    assert AmiResponse(b"Response: Error").is_error()
