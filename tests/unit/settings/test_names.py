"""Names as people write them: understood where one thing is meant, else refused with the cure."""

import re
from pathlib import Path

import pytest
from voicedesk.errors import SettingsError
from voicedesk.hall.deadlines import switchboards_of
from voicedesk.settings import Settings, names, read_settings
from voicedesk.settings.listed import DEFAULT_LIMIT_SOURCE, NO_LIMIT_SOURCE, LineSettings


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("PJSIP/101", "PJSIP/101"),
        ("pjsip/101", "PJSIP/101"),
        ("PjSip/101", "PJSIP/101"),
        ("ＰＪＳＩＰ／１０１", "PJSIP/101"),
        ("  SIP/101  ", "SIP/101"),
        ("SIP / 101", "SIP/101"),
        ("dahdi/1", "DAHDI/1"),
        ("iax2/branch", "IAX2/branch"),
        ("PJSIP/Agent1", "PJSIP/Agent1"),
        ("PJSIP/zhang-san", "PJSIP/zhang-san"),
        ("NewTech/101", "NewTech/101"),
    ],
)
def test_a_phone_is_understood_as_it_is_written(written: str, meant: str) -> None:
    assert names.endpoint(written) == meant


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("101", "write it with its technology, as in PJSIP/101"),
        ("PJSIP", "write it with its technology, as in PJSIP/"),
        ("PJSIP/", "write it with its technology"),
        ("/101", "as in PJSIP/101"),
        ("Local/101@from-queue/n", "is a way to a phone, not a phone: write what rings behind it, such as PJSIP/101"),
        ("local/13900000000@outbound", "of a phone outside, give its number in [[assignments]]"),
        ("Agent/1001", "such as PJSIP/1001"),
        ("PJSIP/101-0000002a", "is one call's channel: write the phone, PJSIP/101"),
        ("PJSIP/101,PJSIP/102", "write one name, as in PJSIP/101, and each by itself"),
        ("PJSIP/101&PJSIP/102", "each by itself"),
        ("PJSIP/13900000000@trunk", "is no single phone"),
    ],
)
def test_what_is_no_phone_is_refused_with_the_cure(written: str, cure: str) -> None:
    with pytest.raises(ValueError, match=re.escape(cure)):
        names.endpoint(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12333", "12333"),
        ("１２３３３", "12333"),
        (" 4001 ", "4001"),
        ("0371 8765 4321", "037187654321"),
        ("(0371)87654321", "037187654321"),
        ("+8637187654321", "+8637187654321"),
        ("*31", "*31"),
        ("s", "s"),
        ("hotline-pensions", "hotline-pensions"),
        ("NIGHT", "NIGHT"),
    ],
)
def test_a_number_is_understood_as_it_is_written(written: str, meant: str) -> None:
    assert names.extension(written) == meant


@pytest.mark.parametrize(
    "written",
    ["4001-4009", "4001~4009", "4001至4009", "4001..4009", "0371-87654321", "4001,4002", "4001、4002", "4001/4002"],
)
def test_a_range_or_a_list_in_one_text_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="by itself"):
        names.extension(written)


@pytest.mark.parametrize("written", ["_8XXX", "_X.", "80XX", "4[0-4]01", "8XXX", "8.", "_4001!"])
def test_a_pattern_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is a pattern: write each number by itself, or give the line its queues"):
        names.extension(written)


def test_the_name_meant_is_the_same_phone_behind_another_technology_first() -> None:
    known = ["PJSIP/102", "SIP/1010", "PJSIP/101"]
    assert names.nearest_name("SIP/101", known) == "PJSIP/101"
    assert names.nearest_name("PJSIP/agnet1", ["PJSIP/agent1", "PJSIP/boss"]) == "PJSIP/agent1"
    assert names.nearest_name("PJSIP/zzz", ["DAHDI/1"]) is None


BASE = '[[lines]]\nname = "hotline"\nextensions = ["4001"]\nphones = ["PJSIP/agent1", "{}"]\n'


def read(folder: Path, text: str) -> Settings:
    (folder / "voicedesk.toml").write_text(text)
    return read_settings(folder / "voicedesk.toml", {}).settings


def test_a_line_s_phone_that_no_phones_table_names_is_refused_and_the_nearest_is_offered(tmp_path: Path) -> None:
    phones = '[[phones]]\nendpoint = "PJSIP/agent1"\n[[phones]]\nendpoint = "pjsip/agent2 "\n'
    with pytest.raises(
        SettingsError, match=r"line 4: lines.phones: no phone is called 'PJSIP/agnet2': did you mean PJ"
    ):
        read(tmp_path, BASE.format("PJSIP/agnet2") + phones)
    with pytest.raises(SettingsError, match="no phone is called 'SIP/agent2': did you mean PJSIP/agent2"):
        read(tmp_path, BASE.format("SIP/agent2") + phones)
    with pytest.raises(SettingsError, match=r"no phone is called 'DAHDI/7': add it to \[\[phones\]\] or correct it"):
        read(tmp_path, BASE.format("DAHDI/7") + phones)
    assert (
        read(tmp_path, BASE.format("pjsip/AGENT2".replace("AGENT", "agent")) + phones).phones[1].endpoint
        == "PJSIP/agent2"
    )
    assert read(tmp_path, BASE.format("PJSIP/agnet2")).lines[0].phones[1] == "PJSIP/agnet2"  # lines alone name phones


def line(**more: object) -> LineSettings:
    return LineSettings.model_validate({"name": "hotline", "extensions": ["4001"], **more})


def test_a_limit_s_source_is_never_that_of_another_limit() -> None:
    assert line().source_of_limit == line(limit_seconds=15).source_of_limit == DEFAULT_LIMIT_SOURCE
    assert line(limit_seconds=10).source_of_limit == NO_LIMIT_SOURCE
    assert line(limit_seconds=10, limit_source=" ").source_of_limit == NO_LIMIT_SOURCE
    assert line(limit_seconds=10, limit_source="市政务热线规范 5.2").source_of_limit == "市政务热线规范 5.2"


@pytest.mark.parametrize("wrong", ["12345x", "+86 371", "12", "1" * 16, "12333,4"])
def test_a_number_that_cannot_be_shown_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="cannot be shown to whom it rings"):
        line(shown_number=wrong)
    assert line(shown_number="0371-8765 4321").shown_number == "037187654321"


def test_an_address_for_the_ivr_without_a_host_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"line 2: ivr\.listen: cannot be used: write host and port"):
        read(tmp_path, '[ivr]\nlisten = "4573"\n')


def test_every_key_that_a_webhook_s_refusal_advises_exists(tmp_path: Path) -> None:
    for address in ("127.0.0.1:8080", "192.168.1.5", "[::1]:8080", "localhost:8080", "gateway.internal"):
        webhook = f'[[webhooks]]\nname = "a"\nform = "json"\nsecret = "s"\nurl = "http://{address}/x"\n'
        with pytest.raises(SettingsError) as caught:
            read(tmp_path, webhook)
        told = str(caught.value)
        advised = (
            "allow_loopback" if "127" in address or "::1" in address or "localhost" in address else "allow_private"
        )
        assert f"{advised} = true" in told
        read(tmp_path, f"{webhook}{advised} = true\n")


def test_a_switchboard_is_found_however_it_is_written() -> None:
    written = ["0371-6666 8888", "66669999", "+86 371 66667777", "４００－１２３４５６７"]
    settings = Settings.model_validate({"hall": {"area_code": "0371"}, "callbacks": {"switchboards": written}})
    assert switchboards_of(settings) == {"037166668888", "037166669999", "037166667777", "4001234567"}
