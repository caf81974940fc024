"""The screen's quick look, which believes the usual shape, and how long what follows a cut event is suspect."""

import pytest
from tests.fakes.ami_server import channel_headers, event, newstate
from voicedesk.ami.framing import Framer
from voicedesk.ami.screen import Screen

NOW = 1795421354_200000
QUARTER_OF_A_SECOND = 250_000
SIXTY_FOUR_KIB = 65_536


def sift(screen, *parts, at=NOW):
    return screen.sift(Framer(expect_banner=False).receive_data(b"".join(parts)), at)


def names(kept):
    return [found.name for found in kept]


def agent(number):
    return newstate("PJSIP/agent1-1", f"2.{number}")


@pytest.mark.parametrize(
    "key",
    ["Channel", "Uniqueid", "Event", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName"],
)
@pytest.mark.parametrize("wanted", [None, {"Newstate"}])
def test_fault_16_what_a_channel_s_description_holds_may_not_follow_it_again(key, wanted):
    """Also where the event looks whole up to there: what a caller had written into a variable comes last."""
    screen = Screen(wanted)
    good = agent(1)
    bad = good.removesuffix(b"\r\n\r\n") + f"\r\n{key}: forged\r\n\r\n".encode()
    kept = sift(screen, good, good, bad, good)
    assert [one.get("Reason") for one in kept][:2] == [None, None]
    assert not [one for one in kept if one.name == "Newstate" and "forged" in one.get_all(key)]


@pytest.mark.parametrize("bytes_more", [-1, 0, 1])
def test_what_follows_a_cut_event_is_suspect_for_sixty_four_kib_and_no_byte_more(bytes_more):
    head = agent(9).partition(b"\r\nCallerIDName")[0] + b"\r\n\r\n"
    screen = Screen()
    assert names(sift(screen, head)) == ["VoicedeskDoubt"]
    frame = len(event("Odd", ("X", ""))) - 4
    filler = event("Odd", ("X", "y" * (SIXTY_FOUR_KIB + bytes_more - frame)))
    kept = sift(screen, filler, at=NOW + 1)
    assert names(kept) == (["Odd"] if bytes_more > 0 else [])


def test_what_follows_a_cut_event_is_suspect_for_a_quarter_of_a_second_and_no_moment_more():
    head = agent(9).partition(b"\r\nCallerIDName")[0] + b"\r\n\r\n"
    screen = Screen()
    sift(screen, head)
    assert sift(screen, agent(1), at=NOW + QUARTER_OF_A_SECOND) == []
    assert names(sift(screen, agent(2), at=NOW + QUARTER_OF_A_SECOND + 1)) == ["VoicedeskLink", "Newstate"]


def test_an_event_is_read_by_its_whole_name():
    screen = Screen({"Newstate"})
    found = sift(
        screen, agent(1), event("NewstateX", ("A", 1)), event("ewstate", ("A", 1)), event("N", ("A", 1)), agent(2)
    )
    assert names(found) == ["Newstate", "Newstate"]
    assert screen.counters.unwanted == 3


def test_a_caller_named_before_the_channel_is_a_doubt_though_its_headers_stand_together():
    lines = agent(1).removesuffix(b"\r\n\r\n").split(b"\r\n")
    channel = next(line for line in lines if line.startswith(b"Channel: "))
    lines.remove(channel)
    place = next(at for at, line in enumerate(lines) if line.startswith(b"ConnectedLineName: "))
    lines.insert(place + 1, channel)
    screen = Screen()
    kept = sift(screen, agent(2), b"\r\n".join(lines) + b"\r\n\r\n", agent(3))
    assert names(kept) == ["Newstate", "VoicedeskDoubt", "Newstate"]


def test_a_user_event_may_call_its_own_headers_anything():
    screen = Screen()
    own = event("UserEvent", *channel_headers("PJSIP/agent1-1", "2.1"), ("UserEvent", "x"), ("MyCallerIDNum", "1"))
    assert names(sift(screen, agent(1), own, agent(2))) == ["Newstate", "UserEvent", "Newstate"]
    assert screen.counters.distrusted == 0
