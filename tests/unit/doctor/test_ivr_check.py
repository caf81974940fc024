"""What `doctor` says of the IVR."""

import asyncio
from datetime import date

from tests.integration.test_ivr_host import give_sounds, hall
from voicedesk.doctor.finding import Grade
from voicedesk.doctor.ivr import check_ivr
from voicedesk.hall.prompts import book_of, pronunciation_of
from voicedesk.settings import Settings

DAY = date(2026, 11, 24)


async def grades(settings):
    return {finding.check: finding.grade for finding in await check_ivr(settings, DAY)}


async def test_no_ivr_is_a_note():
    assert await grades(Settings()) == {"ivr": Grade.NOTE}


async def test_sounds_folders_and_the_port_are_looked_at(tmp_path, monkeypatch):
    settings = hall(tmp_path)
    spoken = {"voice": Grade.NOTE, "welcome": Grade.GOOD}  # pyttsx3 speaks in tests
    assert await grades(settings) == {**spoken, "prompts": Grade.BAD, "agi": Grade.UNSEEN}
    give_sounds(settings)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    open_port = settings.ivr.model_copy(update={"listen": f"127.0.0.1:{port}"})
    async with server:
        assert await grades(settings.model_copy(update={"ivr": open_port})) == {
            **spoken,
            "prompts": Grade.GOOD,
            "agi": Grade.GOOD,
        }
    await server.wait_closed()
    for folder, grade in ((None, Grade.NOTE), (tmp_path / "none", Grade.BAD)):
        ivr = settings.ivr.model_copy(update={"folder": folder})
        assert (await grades(settings.model_copy(update={"ivr": ivr})))["callers"] is grade
    assert book_of(settings).folder == tmp_path / "prompts"


async def test_fault_57_sounds_that_are_empty_or_of_another_format_are_named(tmp_path):
    settings = hall(tmp_path)
    give_sounds(settings)
    file = next(book_of(settings).folder.rglob("*.alaw"))
    file.write_bytes(b"RIFF" + file.read_bytes()[4:])
    (found,) = [finding for finding in await check_ivr(settings, DAY) if finding.check == "format"]
    assert found.grade is Grade.BAD
    assert str(file.with_suffix("")) in found.what
    file.write_bytes(b"")
    assert {"format": Grade.BAD, "prompts": Grade.BAD}.items() <= (await grades(settings)).items()


def test_a_halls_own_readings_win_over_the_shipped_ones(tmp_path):
    texts = Settings.model_validate({"prompts": {"texts": str(tmp_path)}})
    assert pronunciation_of(texts).of("重听") == "chong2 ting1"
    (tmp_path / "zh_CN").mkdir()
    (tmp_path / "zh_CN" / "readings.toml").write_text('"重听" = "zhong4 ting1"', encoding="utf-8")
    assert pronunciation_of(texts).of("重听，参保") == "zhong4 ting1 , can1 bao3"


async def test_texts_that_cannot_be_read_are_bad(tmp_path):
    settings = hall(tmp_path)
    own = tmp_path / "texts"
    (own / "zh_CN").mkdir(parents=True)
    (own / "zh_CN" / "frame.toml").write_text("welcom = 'x'")
    wrong = settings.model_copy(update={"prompts": settings.prompts.model_copy(update={"texts": own})})
    assert (await grades(wrong))["texts"] is Grade.BAD
