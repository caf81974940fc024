"""Recorded calls of houses of other people's shapes: told as the standard demands, timed as on the wire."""

import json

import pytest
from tests.testbed.house import is_told, told, wire_differences
from tests.testbed.record_houses import CAPTURES, TOLERANCE_MS, kept
from voicedesk.calls.export import as_json
from voicedesk.calls.replay import replay
from voicedesk.hall.lines import hall_of
from voicedesk.settings import load_settings

KEPT = {f"{house.name}.{one.name}": (house, one) for house, one in kept()}
PBX = '[[pbx]]\nname = "testbed"\nhost = "127.0.0.1"\nusername = "voicedesk"\nsecret = "testbed-secret"\n'


@pytest.fixture
def replayed(tmp_path):
    """The calls of a capture, replayed with the settings that such a house would have."""

    def calls(name: str) -> list[dict]:
        house, situation = KEPT[name]
        config = tmp_path / "voicedesk.toml"
        config.touch(mode=0o600)
        config.write_text(PBX + house.settings(situation), encoding="utf-8")
        hall = hall_of(load_settings(config, {}))
        raw = (CAPTURES / f"{name}.raw").read_bytes()
        return [as_json(call) for call in replay(raw, hall=hall).calls]

    return calls


@pytest.mark.parametrize("name", KEPT)
def test_a_recorded_situation_of_a_house_is_told_as_the_standard_demands(replayed, name):
    _, situation = KEPT[name]
    calls = [call for call in replayed(name) if call["line"] == situation.name]
    assert is_told([told(call) for call in calls], situation.tells)


@pytest.mark.parametrize("name", KEPT)
def test_every_phone_of_a_house_is_timed_as_on_the_wire(replayed, name):
    _, situation = KEPT[name]
    truth = json.loads((CAPTURES / f"{name}.sip.json").read_text())
    wrong = [
        difference
        for call in replayed(name)
        for difference in wire_differences(call, truth, tolerance_ms=TOLERANCE_MS, confirms=situation.confirms)
    ]
    assert wrong == []


def test_every_capture_of_a_house_is_of_a_situation_that_is_kept():
    assert {path.stem for path in CAPTURES.glob("*.raw")} == set(KEPT)
