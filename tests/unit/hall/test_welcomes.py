"""What callers hear first: the names in it, how they are read, and what nobody can read."""

from datetime import date

import pytest
from voicedesk.doctor import ivr
from voicedesk.doctor.finding import Grade
from voicedesk.errors import InputError
from voicedesk.hall.prompts import wanted_of, welcomes_of
from voicedesk.prompts.build import Wanted
from voicedesk.prompts.pronunciation import shipped_pronunciation, words_of
from voicedesk.settings import Settings

DAY = date(2026, 12, 1)
SHIPPED = "您好，这里是人力资源和社会保障服务热线。"


def settings(tmp_path=None, hall="Service hall", **spoken_names):
    lines = [
        {"name": name, "extensions": [str(4000 + at)], **({"spoken_name": spoken} if spoken else {})}
        for at, (name, spoken) in enumerate(spoken_names.items())
    ]
    prompts = {"texts": str(tmp_path)} if tmp_path else {}
    return Settings.model_validate({"hall": {"name": hall}, "lines": lines, "prompts": prompts})


def test_a_line_is_named_by_its_spoken_name_and_others_by_the_halls_name():
    found = welcomes_of(settings(hall="江州市人社局", health="江州市医保中心", hotline=None))
    assert found == {
        None: "您好，这里是江州市人社局。",
        "health": "您好，这里是江州市医保中心。",
        "hotline": "您好，这里是江州市人社局。",
    }


def test_a_hall_without_a_chinese_name_keeps_the_shipped_welcome():
    assert welcomes_of(settings(hotline=None)) == {None: SHIPPED, "hotline": SHIPPED}


def test_a_welcome_of_the_halls_own_comes_before_its_name_and_after_a_lines(tmp_path):
    (tmp_path / "zh_CN").mkdir()
    (tmp_path / "zh_CN" / "frame.toml").write_text('welcome = "江州欢迎您。"\nwelcome_named = "这里是{name}。"\n')
    found = welcomes_of(settings(tmp_path, hall="江州市人社局", health="医保中心", hotline=None))
    assert found == {None: "江州欢迎您。", "health": "这里是医保中心。", "hotline": "江州欢迎您。"}


def test_each_welcome_needs_a_sound_in_one_piece():
    wanted = wanted_of(settings(health="医保中心"), DAY)
    assert Wanted(text="您好，这里是医保中心。") in wanted
    assert Wanted(text=SHIPPED) in wanted
    assert Wanted(text="您好，这里是") not in wanted


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("单县人社局", "shan4 xian4 ren2 she4 ju2"),
        ("洪洞县社保中心", "hong2 tong2 xian4 she4 bao3 zhong1 xin1"),
        ("重庆市", "chong2 qing4 shi4"),
        ("六安市", "lu4 an1 shi4"),
        ("会稽山", "kuai4 ji1 shan1"),
        ("长治市", "chang2 zhi4 shi4"),
        ("12333热线", "yao1 er4 san1 san1 san1 re4 xian4"),
        ("A区3号窗口", "ei1 qu1 san1 hao4 chuang1 kou3"),
    ],
)
def test_names_of_places_numbers_and_letters_are_read_as_people_say_them(name, read):
    assert words_of(name, "zh_CN", shipped_pronunciation()) == read


@pytest.mark.parametrize(("name", "why"), [("便民★大厅", "holds ★,"), ("㐇村大厅", 'readings.toml: "㐇"')])
def test_what_cannot_be_read_is_named_with_the_cure(name, why):
    with pytest.raises(InputError) as refused:
        words_of(name, "zh_CN", shipped_pronunciation())
    assert why in str(refused.value)
    findings = [one for one in ivr._welcomes(settings(health=name)) if one.grade is Grade.BAD]
    assert [why in one.what for one in findings] == [True]
    assert "spoken_name" in findings[0].cure


def test_doctor_shows_how_each_welcome_is_read_and_which_voice_says_it(monkeypatch):
    (found,) = ivr._welcomes(settings(hall="江州市社保局", hotline=None))
    assert found.grade is Grade.GOOD
    assert "hotline: 您好，这里是江州市社保局。 nin2 hao3 , zhe4 li3 shi4 jiang1 zhou1" in found.what
    assert ivr._voice(settings()).grade is Grade.GOOD
    monkeypatch.setattr(ivr.kokoro, "is_installed", lambda: False)
    poor = ivr._voice(settings())
    assert (poor.grade, "voicedesk[voice]" in poor.cure) == (Grade.NOTE, True)
    asked = Settings.model_validate({"prompts": {"engine": "kokoro"}})
    assert ivr._voice(asked).grade is Grade.BAD
