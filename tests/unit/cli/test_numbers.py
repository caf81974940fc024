"""A caller's number may be typed in any way people write it; what is no number is refused."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from voicedesk.calls.model import JudgedCall
from voicedesk.calls.replay import replay
from voicedesk.store.store import Store

CAPTURE = Path(__file__).parents[2] / "captures" / "a_answer_2rings.raw"
SPELLED = ("+8613812345678", "013812345678", "13912345678")


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "voicedesk.toml"
    file.write_text('[hall]\narea_code = "0371"\n[store]\nurl = "sqlite:///calls.db"\n')
    asyncio.run(fill(f"sqlite:///{tmp_path}/calls.db"))
    return file


async def fill(url: str) -> None:
    (call,) = replay(CAPTURE.read_bytes(), pbx="main").calls
    facts = [replace(call.facts, id=f"call{n}", caller_number=number) for n, number in enumerate(SPELLED)]
    async with Store.open(url) as store:
        await store.calls.save([JudgedCall(facts=one, judgement=call.judgement) for one in facts])


@pytest.fixture
def run(typed, config):
    def command(*words: str) -> tuple[object, str, str]:
        done = typed(*words, "--config", str(config))
        return done.code, done.out, done.err

    return command


@pytest.mark.parametrize("written", ["13812345678", "138 1234 5678", "+86 138-1234-5678", "013812345678"])
def test_a_caller_s_calls_are_found_however_the_number_is_written(run, written):
    code, out, _ = run("calls", "list", "--json", "--number", written)
    assert (code, {call["id"] for call in json.loads(out)}) == (0, {"call0", "call1"})


def test_another_s_calls_are_not_found_and_not_forgotten(run):
    assert json.loads(run("calls", "list", "--json", "--number", "5678")[1]) == []
    assert json.loads(run("db", "forget", "5678", "--json")[1])["calls"] == 0
    assert json.loads(run("db", "forget", "13812345678", "--json")[1])["calls"] == 2
    numbers = {call["caller_number"] for call in json.loads(run("calls", "list", "--json", "--unmask")[1])}
    assert numbers == {None, "13912345678"}


@pytest.mark.parametrize("words", [("calls", "list", "--number", "' OR 1=1 --"), ("db", "forget", "anonymous")])
def test_what_is_no_number_is_refused(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "no phone number" in err
