"""The IVR's host against a scripted switch: what is said, what is kept, and that nothing keeps a caller waiting."""

import asyncio
import json
import re
import socket
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from tests.contracts.store.test_tickets import attempt, missed
from tests.fakes.agi import FakeSwitchCall, environment, obliging
from voicedesk.agi.server import AgiServer
from voicedesk.audio.wav import write_wav
from voicedesk.clock import to_datetime
from voicedesk.errors import InputError, SpeechUnavailable, StoreUnavailable
from voicedesk.hall.prompts import book_of, wanted_of
from voicedesk.ivr.tracking_code import is_code
from voicedesk.jobs import unsaved
from voicedesk.jobs.telling import proof, shelf
from voicedesk.jobs.telling.host import IvrHost
from voicedesk.jobs.telling.outages import Outages
from voicedesk.jobs.telling.shelf import DailyShelf, stocked
from voicedesk.prompts.build import Wanted
from voicedesk.settings import load_settings
from voicedesk.speech.transcript import Transcript, Word
from voicedesk.store.consultations import ConsultationFilter
from voicedesk.store.store import Store
from voicedesk.store.tickets import Change, StoredTicket
from voicedesk.tickets.model import Outcome
from voicedesk.tickets.work import closed

NOW = 1_795_485_600_000_000  # a Tuesday, 10:00 in Shanghai
TODAY = to_datetime(NOW).date()
NIGHT = NOW + 12 * 3600 * 1_000_000
KEY_TO_NOTICE = ("4", "1")


def hall(folder: Path, **tables):
    """Settings of a hall with one line and prompts of silence, all of which are there."""
    text = f"""
[store]
url = "sqlite:///{folder / "voicedesk.db"}"
[notices]
samples = true
[prompts]
folder = "{folder / "prompts"}"
[recording]
folder = "{folder / "kept"}"
[ivr]
listen = "127.0.0.1:1"
folder = "{folder / "callers"}"
{tables.get("ivr", "")}
[outage]
{tables.get("outage", "")}
[[lines]]
name = "hotline"
extensions = ["4001"]
duty = ["daily 09:00-17:00"]
"""
    (folder / "voicedesk.toml").write_text(text, encoding="utf-8")
    (folder / "callers").mkdir(exist_ok=True)
    return load_settings(folder / "voicedesk.toml")


def give_sounds(settings, *more: str) -> None:
    book = book_of(settings)
    for one in (*wanted_of(settings, TODAY), *(Wanted(text=text) for text in more)):
        path = book.spoken_path(one.text, one.language, "normal")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".alaw").write_bytes(b"\xd5" * 8000)
        path.with_suffix(".sln16").write_bytes(bytes(32000))


class Desk:
    """A host with its store; `call` has a caller walk through it."""

    def __init__(self, store, settings, **options):
        self.store, self.settings = store, settings
        self.now = options.pop("now", NOW)
        self.outages = Outages(store, settings)
        known = {"main": lambda uniqueid: None}
        self.host = IvrHost(store, settings, known, lambda: self.now, outages=self.outages, **options)
        self.by_text: dict[str, str] = {}
        book = book_of(settings)
        for one in wanted_of(settings, TODAY):
            self.by_text[str(book.spoken_path(one.text, one.language, "normal"))] = one.text

    async def call(self, path="notices?pbx=main&line=hotline", *, answers=obliging, number="13800138000"):
        """The commands that the switch got, texts in place of files."""
        server = AgiServer(self.host.serve)
        data = environment(agi_request=f"agi://127.0.0.1/{path}", agi_callerid=number, agi_calleridname="")
        async with server.listening("127.0.0.1", 0) as port, FakeSwitchCall(port, answers, data) as switch:
            await switch.over(60)
        await self.host.proof.save()
        return [re.sub(r'"(/[^"]+)"', lambda file: self.by_text.get(file[1], file[0]), one) for one in switch.commands]

    async def kept(self):
        return await self.store.consultations.list(ConsultationFilter())


@pytest.fixture
async def desk(tmp_path):
    settings = hall(tmp_path)
    give_sounds(settings)
    async with Store.open(settings.store.url) as store:
        yield Desk(store, settings)


def pressing(*keys: str, then: str = "hang up"):
    """Presses each key into the next thing that is said ("": lets it pass); then hangs up, or listens on."""
    left = list(keys)

    def answer(command: str):
        if command.startswith(("STREAM FILE", "WAIT FOR DIGIT")):
            if left:
                key = left.pop(0)
                return f"200 result={ord(key) if key else 0} endpos=4000"
            if then == "hang up":
                return "200 result=-1 endpos=0"
        return obliging(command)

    return answer


def said(commands):
    return [one.split('"')[0].removeprefix("STREAM FILE ").strip() for one in commands if one.startswith("STREAM")]


async def test_a_notice_heard_to_its_end_is_proof_and_silence_then_leads_to_a_person(desk):
    commands = await desk.call(answers=pressing(*KEY_TO_NOTICE, then="listen"))
    assert 'SET VARIABLE "VOICEDESK_IVR" "person"' in commands
    (kept,) = await desk.kept()
    (notice,) = kept.consultation.notices
    assert notice.is_complete
    assert (notice.item_id, kept.line, kept.pbx, kept.caller_number) == (
        "work_injury",
        "hotline",
        "main",
        "13800138000",
    )
    assert is_code(kept.consultation.code)
    assert kept.consultation.exit == "person"
    assert [one for one in commands if one.startswith("EXEC")] == [
        'EXEC "UserEvent" "VoicedeskNotice,Complete: 1,Item: work_injury"'
    ]
    texts = said(commands)
    assert texts.index("事项名称：工伤认定。") < texts.index("以上是全部告知内容。")


async def test_every_command_that_takes_time_is_preceded_by_a_guard(desk):
    commands = await desk.call(answers=pressing(*KEY_TO_NOTICE, then="listen"))
    slow = [n for n, one in enumerate(commands) if one.startswith(("STREAM", "RECORD"))]
    assert all("TIMEOUT(absolute)" in commands[n - 1] for n in slow)


async def test_fault_54_a_hang_up_in_the_middle_keeps_what_was_heard_till_then(desk):
    count = 0

    def answers(command):
        nonlocal count
        if command.startswith("STREAM FILE") and "materials" not in command:
            count += 1
            if count <= 2:
                return f"200 result={ord(KEY_TO_NOTICE[count - 1])} endpos=1"
            if count > 10:
                return "200 result=-1 endpos=400"
        return obliging(command)

    await desk.call(answers=answers)
    (kept,) = await desk.kept()
    (notice,) = kept.consultation.notices
    assert kept.consultation.exit is None
    assert kept.consultation.state == "notice"
    assert not notice.is_complete
    assert sum(part.finished for part in notice.parts) > 0


DEAD = b"511 Command Not Permitted on a dead channel or intercept routine\n"
GONE = {
    "both in one piece": [b"HANGUP\n" + DEAD],
    "both": [b"HANGUP\n", DEAD],
    "the refusal alone": [DEAD],
    "the refusal first": [DEAD + b"HANGUP\n"],
    "torn in the first line": [b"HAN", b"GUP\n511 Comm", b"and Not Permitted on a dead", b" channel\n"],
    "carriage returns": [b"HANGUP\r\n" + DEAD.replace(b"\n", b"\r\n")],
    "another refusal": [b"HANGUP\n510 Invalid or unknown command\n"],
    "an unknown refusal": [b"HANGUP\n511 Command Not Permitted\n"],
    "nothing but the word": [b"HANGUP\n", None],
    "the end of the connection": [None],
    "the end within a line": [b"HANGUP\n511 Comm", None],
}


@pytest.mark.parametrize("way", GONE)
@pytest.mark.parametrize("command", ["SET VARIABLE", "STREAM FILE"])
async def test_whoever_hangs_up_between_two_sentences_has_heard_the_five_before(desk, way, command):
    heard: list[str] = []
    answer = pressing(*KEY_TO_NOTICE, then="listen")
    server = AgiServer(desk.host.serve)
    data = environment(agi_request="agi://127.0.0.1/notices?pbx=main&line=hotline", agi_calleridname="")

    def part_of(asked: str) -> str:
        return desk.by_text.get(asked.split('"')[1], "")

    async with server.listening("127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        while line := (await reader.readline()).decode().rstrip("\n"):
            if len(heard) == 5 and line.startswith(command):
                for piece in GONE[way]:
                    if piece is None:
                        writer.write_eof()
                    else:
                        writer.write(piece)
                        await writer.drain()
                        await asyncio.sleep(0.002)
                break
            told = answer(line)
            if line.startswith("STREAM FILE") and (heard or part_of(line).startswith("办理程序")):
                heard.append(part_of(line))
            writer.write(told.encode() + b"\n")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    await desk.host.proof.save()
    (kept,) = await desk.kept()
    (notice,) = kept.consultation.notices
    (procedure,) = [one for one in notice.parts if one.part == "procedure"]
    assert (procedure.finished, procedure.sentences) == (5, 7)
    assert kept.consultation.exit is None


async def test_whoever_hangs_up_while_a_key_is_awaited_has_heard_all_that_was_said(desk):
    press = pressing(*KEY_TO_NOTICE, then="listen")
    last = ""

    def answers(command):
        nonlocal last
        last = desk.by_text.get(command.split('"')[1], last) if command.startswith("STREAM") else last
        if command.startswith("WAIT FOR DIGIT") and "告知" in last:
            return "HANGUP\n511 Command Not Permitted on a dead channel or intercept routine"
        return press(command)

    await desk.call(answers=answers)
    (kept,) = await desk.kept()
    (notice,) = kept.consultation.notices
    assert notice.is_complete


async def test_a_recording_that_nobody_was_there_for_is_no_message(desk):
    def answers(command):
        if command.startswith("RECORD FILE"):
            return "HANGUP\n511 Command Not Permitted on a dead channel or intercept routine"
        return press(command)

    press = pressing("9", then="listen")
    await desk.call(answers=answers)
    assert [one.requests for one in await desk.kept()] == [()]


async def test_fault_57_a_sentence_without_a_sound_is_left_out_and_never_counts_as_heard(desk):
    item = stocked(desk.settings, TODAY).menu.item("work_injury")
    gone, unplayable = item.parts[1].sentences[1], item.parts[2].sentences[0]
    book = book_of(desk.settings)
    book.find(gone).path.with_suffix(".alaw").unlink()
    name = book.find(unplayable).path.name
    play = pressing(*KEY_TO_NOTICE, then="listen")
    commands = await desk.call(answers=lambda one: "200 result=0 endpos=0" if name in one else play(one))
    assert gone not in said(commands)
    (kept,) = await desk.kept()
    (notice,) = kept.consultation.notices
    assert [part.is_complete for part in notice.parts][:4] == [True, False, False, True]
    assert [part.finished for part in notice.parts][1:3] == [1, 0]


async def test_a_hall_without_sounds_gives_the_call_back_at_once(tmp_path):
    settings = hall(tmp_path)
    async with Store.open(settings.store.url) as store:
        assert await Desk(store, settings).call() == []


async def test_the_gate_answers_nothing_in_duty_hours_and_everything_out_of_them(desk):
    gate = "gate?pbx=main&line=hotline"
    assert await desk.call(gate) == ['SET VARIABLE "VOICEDESK_IVR" "person"']
    assert await desk.kept() == []
    desk.now = NIGHT
    commands = await desk.call(gate, answers=pressing("7", "1", then="listen"))
    assert commands[0] == "ANSWER"
    assert 'SET VARIABLE "VOICEDESK_IVR" "goodbye"' in commands
    (kept,) = await desk.kept()
    assert [(one.asked.kind, one.asked.number) for one in kept.requests] == [("callback", "13800138000")]


async def test_an_unknown_path_is_given_back(desk):
    assert await desk.call("etc/passwd") == []


async def test_who_comes_from_the_queue_for_the_second_time_is_offered_a_callback_at_once(desk):
    commands = await desk.call("overflow?pbx=main&line=hotline&round=2", answers=pressing("1"))
    assert said(commands)[0] == "非常抱歉，仍然没有工作人员能够接听。"
    (kept,) = await desk.kept()
    assert kept.consultation.entry == "overflow"


async def test_a_doubtful_environment_is_served_without_its_number(desk):
    await desk.call(number="138'; DROP TABLE", answers=pressing("7"))
    (kept,) = await desk.kept()
    assert kept.caller_number is None


async def test_an_outage_is_told_before_the_phones_ring(desk):
    text = "社会保险系统正在抢修。"
    give_sounds(desk.settings, text)
    await desk.store.outages.start(text, line=None, at=1, by="王")
    await desk.store.outages.start("别的线路", line="other", at=2, by="王")
    await desk.outages.refresh()
    commands = await desk.call("gate?pbx=main&line=hotline")
    assert commands[0] == "ANSWER"
    assert len(said(commands)) == 2
    assert commands[-1] == 'SET VARIABLE "VOICEDESK_IVR" "person"'


async def test_after_a_reload_an_outage_is_looked_up_in_the_new_folder_of_prompts(desk, tmp_path):
    text = "社会保险系统正在抢修。"
    give_sounds(desk.settings, text)
    await desk.store.outages.start(text, line=None, at=1, by="王")
    await desk.outages.refresh()
    prompts = desk.settings.prompts.model_copy(update={"folder": tmp_path / "other"})
    moved = desk.settings.model_copy(update={"prompts": prompts})
    desk.host.change_settings(moved)
    assert len(desk.outages.texts_for("hotline")) == 1
    give_sounds(moved, text)
    told = [one for one in await desk.call("gate?pbx=main&line=hotline") if one.startswith("STREAM")]
    assert len(told) == 2
    assert all(f"{tmp_path}/other/" in one for one in told)


class Heard:
    """Workers that hear this text, or cannot be had."""

    def __init__(self, text):
        self.text = text

    def hear(self, rate, names):
        return self

    async def __aenter__(self):
        if self.text is None:
            raise SpeechUnavailable("no model")
        return self

    async def __aexit__(self, *_):
        return None

    async def accept(self, samples):
        return None

    async def finish(self):
        word = Word(text=self.text, start_seconds=0.0, end_seconds=1.0, confidence=1.0)
        return Transcript(words=(word,), heard_seconds=1.0, model="m", understanding=None, cut_short=False)


def speaking(folder: Path, loudness: float):
    """A caller who says something after the first menu, then presses 1, then hangs up."""
    asked = 0

    def answer(command):
        nonlocal asked
        if command.startswith("RECORD FILE"):
            asked += 1
            file = Path(command.split('"')[1] + ".wav")
            write_wav(file, (np.random.default_rng(1).normal(size=8000) * loudness).astype(np.int16), 8000)
            return "200 result=0 (timeout) endpos=8000"
        return confirm(command) if asked else obliging(command)

    confirm = pressing("1")

    return answer


async def test_an_item_is_chosen_by_its_name_and_the_recording_goes_at_once(desk):
    desk = Desk(desk.store, desk.settings, workers=Heard("工伤认定"))
    commands = await desk.call(answers=speaking(desk.settings.ivr.folder, 3000))
    assert any(one.startswith("RECORD FILE") for one in commands)
    (kept,) = await desk.kept()
    assert [one.item_id for one in kept.consultation.notices] == ["work_injury"]
    assert list(desk.settings.ivr.folder.iterdir()) == []


@pytest.mark.parametrize(("text", "loudness"), [("工伤认定", 3), (None, 3000)])
async def test_silence_after_the_tone_or_a_missing_model_is_no_choice(desk, text, loudness):
    desk = Desk(desk.store, desk.settings, workers=Heard(text))
    commands = await desk.call(answers=speaking(desk.settings.ivr.folder, loudness))
    assert "没有收到您的选择。" in said(commands)
    assert "对不起" not in str(said(commands))


async def test_a_recording_that_never_came_is_silence_and_a_key_instead_of_words_counts(desk):
    desk = Desk(desk.store, desk.settings, workers=Heard("工伤认定"))
    assert "没有收到您的选择。" in said(await desk.call(answers=pressing(then="listen")))
    keys = iter(["200 result=55 (dtmf) endpos=100"])

    def answers(command):
        if command.startswith("RECORD FILE"):
            return next(keys)
        return pressing()(command) if "尾号" in command else obliging(command)

    assert "我们将回拨您来电的号码，尾号是" in "".join(said(await desk.call(answers=answers)))


async def test_a_complaint_is_moved_to_where_evidence_is_kept_also_when_the_caller_hangs_up(desk):
    def answers(command):
        if command.startswith("RECORD FILE"):
            write_wav(Path(command.split('"')[1] + ".wav"), np.full(16000, 900, np.int16), 8000)
            return "200 result=-1 (hangup) endpos=16000"
        return press(command)

    press = pressing("9", then="listen")
    await desk.call(answers=answers)
    (kept,) = await desk.kept()
    (asked,) = kept.requests
    assert (asked.asked.kind, asked.asked.seconds) == ("complaint", 2.0)
    assert (desk.settings.recording.folder / asked.asked.file).stat().st_mode & 0o777 == 0o600
    assert list(desk.settings.ivr.folder.iterdir()) == []


async def test_the_second_of_silence_that_the_switch_keeps_is_no_complaint(desk):
    def answers(command):
        if command.startswith("RECORD FILE"):
            write_wav(Path(command.split('"')[1] + ".wav"), np.full(8800, 3, np.int16), 8000)
            return "200 result=0 (timeout) endpos=8800"
        return press(command)

    press = pressing("9", then="listen")
    commands = await desk.call(answers=answers)
    assert said(commands).count("没有听到您的留言。") == 2
    assert [one.requests for one in await desk.kept()] == [()]
    assert not any(desk.settings.ivr.folder.iterdir())
    assert not desk.settings.recording.folder.exists()


async def test_a_complaint_that_cannot_be_moved_stays_where_it_is(desk):
    desk.settings.recording.folder.write_text("no folder")

    def answers(command):
        if command.startswith("RECORD FILE"):
            write_wav(Path(command.split('"')[1] + ".wav"), np.full(16000, 900, np.int16), 8000)
            return "200 result=35 (dtmf) endpos=16000"
        return press(command)

    press = pressing("9", then="listen")
    await desk.call(answers=answers)
    ((asked,),) = [one.requests for one in await desk.kept()]
    assert (desk.settings.ivr.folder / asked.asked.file).exists()


def typing(*keys: str):
    """Keys one by one, also where digits are asked for; then silence."""
    return pressing(*keys, then="listen")


async def test_a_code_of_an_earlier_call_tells_where_the_matter_stands(desk):
    await desk.call(answers=pressing(*KEY_TO_NOTICE))
    (first,) = await desk.kept()
    code = first.consultation.code
    commands = await desk.call(answers=typing("8", *code, *[""] * 6, "2", "1"))
    assert {"十一月", "工伤认定"} <= set(said(commands))
    again = next(one for one in await desk.kept() if one.consultation.code != code)
    assert [(one.asked.kind, one.asked.earlier) for one in again.requests] == [("second_visit", code)]
    unknown = await desk.call(answers=typing("8", *"00000000"))
    assert "没有查到这个编号。" in said(unknown)
    star = await desk.call(answers=typing("8", "*"))
    assert said(star).count("请按键选择。") >= 2


async def test_a_locked_database_never_keeps_a_caller_waiting_and_loses_nothing(desk, monkeypatch):
    monkeypatch.setattr(proof, "RESERVE_SECONDS", 0.05)
    lock = sqlite3.connect(desk.settings.store.url.removeprefix("sqlite:///"))
    lock.execute("BEGIN IMMEDIATE")
    server = AgiServer(desk.host.serve)
    data = environment(agi_request="agi://127.0.0.1/notices?pbx=main&line=hotline", agi_calleridname="")
    answers = pressing(*KEY_TO_NOTICE)
    async with server.listening("127.0.0.1", 0) as port, FakeSwitchCall(port, answers, data) as switch:
        await switch.over(30)
    lock.rollback()
    lock.close()
    await desk.host.proof.save()
    (kept,) = await desk.kept()
    assert kept.consultation.notices[0].item_id == "work_injury"


async def test_a_store_in_trouble_is_tried_again_until_what_was_told_is_saved(desk, monkeypatch):
    monkeypatch.setattr(unsaved, "SAVE_AGAIN_SECONDS", 0.01)
    save, refused = desk.store.consultations.save, []

    async def sometimes(stored):
        if len(refused) < 3:
            refused.append(stored)
            raise StoreUnavailable("locked")
        await save(stored)

    monkeypatch.setattr(desk.store.consultations, "save", sometimes)
    monkeypatch.setattr(desk.store.consultations, "get", lambda code: sometimes(None))
    saving = asyncio.create_task(desk.host.proof.run())
    server = AgiServer(desk.host.serve)
    data = environment(agi_request="agi://127.0.0.1/notices?pbx=main&line=hotline", agi_calleridname="")
    answers = typing("8", *"00000000")
    async with server.listening("127.0.0.1", 0) as port, FakeSwitchCall(port, answers, data) as switch:
        await switch.over(30)
    async with asyncio.timeout(30):
        while desk.host.proof.unsaved:
            await asyncio.sleep(0.01)
    saving.cancel()
    assert len(await desk.kept()) == 1


async def test_a_text_message_is_sent_by_the_halls_own_program(tmp_path):
    told = tmp_path / "sms.json"
    settings = hall(tmp_path, ivr=f'sms_command = ["/bin/sh", "-c", "cat > {told}"]')
    give_sounds(settings)
    async with Store.open(settings.store.url) as store:
        desk = Desk(store, settings)
        await desk.call(answers=pressing(*KEY_TO_NOTICE, *"3333333333", "7", then="listen"))
        async with asyncio.timeout(30):
            while (kept := (await desk.kept())[0]).sms_outcome is None:
                await asyncio.sleep(0.01)
    what = json.loads(told.read_text(encoding="utf-8"))
    assert what["number"] == "13800138000"
    assert what["text"].startswith("【工伤认定】")
    assert what["text"].endswith(f"告知编号{kept.consultation.code}。")
    assert kept.sms_outcome == "ok"


async def test_callers_of_a_line_hear_its_own_name_as_soon_as_that_has_a_sound(tmp_path):
    settings = hall(tmp_path)
    (line,) = settings.lines
    named = settings.model_copy(update={"lines": (line.model_copy(update={"spoken_name": "江州市社保中心"}),)})
    give_sounds(settings)
    async with Store.open(settings.store.url) as store:
        desk = Desk(store, named)
        welcome = "您好，这里是江州市社保中心。"
        assert not any(welcome in one for one in await desk.call())
        give_sounds(named)
        said = await desk.call()
        assert any(welcome in one for one in said)
        assert not any("服务热线" in one for one in said)
        assert not any(welcome in one for one in await desk.call("notices?pbx=main&line=another"))


async def test_what_is_told_is_made_anew_on_each_day_and_for_new_settings(desk):
    daily = DailyShelf(desk.settings, lambda: desk.now, stocked)
    before = daily.today()
    assert daily.today() is before
    desk.now = NOW + 24 * 3600 * 1_000_000
    tomorrow = daily.today()
    assert tomorrow is not before
    daily.change_settings(desk.settings)
    assert daily.today() is not tomorrow


async def test_the_service_listens_and_tells_what_is_wrong(desk, monkeypatch, unused_port):
    free = desk.settings.model_copy(
        update={"ivr": desk.settings.ivr.model_copy(update={"listen": f"127.0.0.1:{unused_port}"})}
    )
    desk.host.change_settings(free)
    running = asyncio.create_task(desk.host.run())
    async with asyncio.timeout(30):
        while desk.host.port is None:
            await asyncio.sleep(0.01)
    taken = Desk(desk.store, free)
    await taken.host.run()
    monkeypatch.setattr(shelf, "catalogue_of", refuse)
    desk.host.change_settings(free)
    assert await desk.call() == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    none = free.model_copy(update={"ivr": free.ivr.model_copy(update={"listen": ""})})
    await Desk(desk.store, none).host.run()


def refuse(_settings):
    raise InputError("the catalogue cannot be read")


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_staff_member_hears_whose_number_is_rung_and_is_spared_who_was_reached_meanwhile(desk):
    path = "staff?pbx=main&number=13812341234"
    commands = await desk.call(path)
    assert said(commands) == ["正在回拨", *"幺三八幺二三四幺二三四"]
    assert not [one for one in commands if one.startswith(("ANSWER", "HANGUP"))]
    uniqueid = re.search(rb"agi_uniqueid: (\S+)", environment())[1].decode()
    ticket = missed("c1")
    over = closed(ticket, outcome=Outcome.REACHED, note="来电已接通", by="wang", at=ticket.opened_at + 1)
    await desk.store.tickets.change(
        Change(tickets=[StoredTicket(ticket=over)], attempts=[attempt(over, uniqueid, pbx="main")])
    )
    commands = await desk.call(path)
    assert said(commands) == []
    assert "HANGUP" in commands


class Phones:
    """What the watch over phones would say."""

    def __init__(self):
        self.lines: list[str] = []
        self.deserted = False
        self.asked: list[tuple[str, str]] = []

    def left_without(self, pbx, endpoint):
        self.asked.append((pbx, endpoint))
        return self.lines

    def is_deserted(self, _line):
        return self.deserted


@pytest.fixture
async def watched(tmp_path):
    settings = hall(tmp_path)
    give_sounds(settings)
    phones = Phones()
    async with Store.open(settings.store.url) as store:
        yield Desk(store, settings, phones=phones), phones


async def test_the_last_free_phone_is_asked_and_stays_unless_one_is_pressed(watched):
    desk, phones = watched
    assert await desk.call("break?pbx=main") == []
    phones.lines = ["hotline"]
    stays = await desk.call("break?pbx=main", answers=pressing(then="listen"))
    assert 'SET VARIABLE "VOICEDESK_BREAK" "stay"' in stays
    assert any("最后一部空闲话机" in one for one in stays)
    assert any("没有暂停" in one for one in stays)
    pauses = await desk.call("break?pbx=main", answers=pressing("1", then="listen"))
    assert not any("VOICEDESK_BREAK" in one for one in pauses)
    assert {pbx for pbx, _ in phones.asked} == {"main"}


async def test_a_caller_hears_that_nobody_is_there_and_waits_all_the_same(watched):
    desk, phones = watched
    gate = "gate?pbx=main&line=hotline"
    assert await desk.call(gate) == ['SET VARIABLE "VOICEDESK_IVR" "person"']
    phones.deserted = True
    told = await desk.call(gate)
    assert told[0] == "ANSWER"
    assert any("都不在岗" in one for one in told)
    assert told[-1] == 'SET VARIABLE "VOICEDESK_IVR" "person"'


async def test_without_sounds_nobody_is_asked_and_nothing_is_said(tmp_path):
    settings = hall(tmp_path)
    phones = Phones()
    phones.lines, phones.deserted = ["hotline"], True
    async with Store.open(settings.store.url) as store:
        desk = Desk(store, settings, phones=phones)
        assert await desk.call("break?pbx=main") == []
        assert await desk.call("gate?pbx=main&line=hotline") == ['SET VARIABLE "VOICEDESK_IVR" "person"']
