"""The catalogue's folder becomes values; what is told of an item; which versions are told on a day."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.unit.catalogue.halls import ITEM, make_catalogue
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Catalogue, Group, Item, Kind, Part, PartText, Publication
from voicedesk.catalogue.script import Section, script, written
from voicedesk.errors import InputError
from voicedesk.texts_folder import shipped_texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_catalogue(tmp_path / "notices")


def the_item(folder: Path) -> Item:
    item = load_catalogue(folder).item("card")
    assert item is not None
    return item


def test_a_folder_becomes_groups_and_items_with_the_parts_of_the_hall(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    assert catalogue.problems == ()
    assert catalogue.groups == (Group(key="1", name="社保卡"),)
    item = the_item(folder)
    assert (item.id, item.group, item.key, item.kind, item.missing) == ("card", "1", "2", Kind.OURS, ())
    assert item.names == ("社会保障卡申领", "社保卡")
    assert item.parts[Part.PLACE] == PartText(text=("一楼",), local=True)
    assert item.version == f"draft-{item.digest[:8]}"


def test_an_item_is_told_part_by_part_in_sentences_that_can_be_read(folder: Path) -> None:
    told = script(the_item(folder))
    assert told == (
        Section(part=Part.NAME, sentences=("事项名称：社会保障卡申领。",)),
        Section(
            part=Part.MATERIALS,
            sentences=(
                "需要准备以下两样材料。",
                "第一，居民身份证原件。",
                "第二，一寸照片两张。",
                "委托他人办理的，还要委托书。",
            ),
        ),
        Section(
            part=Part.PROCEDURE,
            sentences=("办理程序分为两步。", "第一步，申请。", "第二步，领卡。", "可以网上办理。", "十五日后领卡。"),
        ),
        Section(
            part=Part.BASIS,
            sentences=(
                "办理依据有两项。",
                "第一，《中华人民共和国社会保险法》第五十八条、第七十四条第三款。",
                "第二，《社会保障卡管理办法》。",
            ),
        ),
        Section(part=Part.TIME_LIMIT, sentences=("办理时限：十个工作日。",)),
        Section(part=Part.FEE, sentences=("收费标准：免费。",)),
        Section(part=Part.PLACE, sentences=("办理地点和时间：一楼。",)),
    )


def test_on_paper_the_same_sentences_keep_their_digits(folder: Path) -> None:
    assert written(the_item(folder))[4].sentences == ("办理时限：10个工作日。",)


def test_one_point_is_not_counted(folder: Path) -> None:
    item = replace(
        the_item(folder), parts={Part.MATERIALS: PartText(points=("身份证；",), text=("带原件！",))}, basis=()
    )
    assert script(item)[1].sentences == ("申请材料：身份证。", "带原件！")


def test_a_list_without_words_of_its_own_is_counted_too(folder: Path) -> None:
    item = replace(the_item(folder), parts={Part.FEE: PartText(points=("工本费5元", "邮寄费"))}, basis=())
    assert script(item)[1].sentences == ("收费标准有两项。", "第一，工本费五元。", "第二，邮寄费。")


def test_what_another_office_handles_guides_the_caller_there(folder: Path) -> None:
    text = 'name = "生育津贴"\nkind = "not_ours"\ngroup = 1\nkey = 1\n[guide]\ntext = "请找医疗保障局，拨打12393。"\n'
    (folder / "items" / "maternity.toml").write_text(text, encoding="utf-8")
    item = load_catalogue(folder).item("maternity")
    assert item is not None
    assert item.missing == ()
    assert [one.part for one in script(item)] == [Part.NAME, Part.GUIDE]
    assert script(item)[1].sentences == ("生育津贴不由本大厅办理。", "请找医疗保障局，拨打幺二三九三。")


def test_the_digest_stands_for_what_is_told_and_not_for_how_it_is_marked(folder: Path) -> None:
    item = the_item(folder)
    assert replace(item, sample=True, file=Path("x")).digest == item.digest
    assert replace(item, name="别的").digest != item.digest
    assert replace(item, key="3").digest != item.digest
    assert replace(item, basis=item.basis[:1]).digest != item.digest


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("items/card.toml", ITEM.replace("group = 1", "group = 0"), "items/card.toml, line 4: group must be a digit"),
        ("items/card.toml", ITEM.replace("key", "keys"), "line 5: there is no such key: keys: did you mean key?"),
        ("items/card.toml", ITEM.replace("law = ", "lwa = ", 1), "line 15: there is no such key: lwa: did you mean"),
        ("items/card.toml", ITEM.replace('group = 1\n', ""), "group is missing: add group = …"),
        ("items/card.toml", ITEM.replace('"2"', '"2'), "line 5: is not TOML"),
        ("items/card.toml", ITEM + "x = [", "is not TOML"),
        ("items/card.toml", ITEM.replace("10个工作日。", "") + "local = 5\n", "time_limit.local: input should be a"),
        ("items/card.toml", ITEM + '[published]\nversion = "1"\napprover = "张"\npublished = 2026-01-01\n'
         'effective = 2026-01-01\nexpires = 2026-12-31\ndigest = ""\n', "has [published]"),
        ("items/card.toml", b"\xff", "line 1: is not UTF-8"),
        ("hall.toml", "[name]\n", "hall.toml, line 1: there is no such key: name"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_file_line_and_cure(
    folder: Path, name: str, text: str | bytes, told: str
) -> None:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = [str(problem) for problem in load_catalogue(folder).problems]
    assert any(told in problem for problem in problems), problems


def test_one_item_that_cannot_be_read_does_not_hide_the_others(folder: Path) -> None:
    (folder / "items" / "broken.toml").write_text("name =", encoding="utf-8")
    catalogue = load_catalogue(folder)
    assert [item.id for item in catalogue.items] == ["card"]
    assert [problem.file.name for problem in catalogue.problems] == ["broken.toml"]


def test_a_folder_that_is_no_catalogue_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"groups\.toml: cannot be read"):
        load_catalogue(tmp_path)


def published(version: str, effective: date, expires: date, **changes: object) -> Item:
    item = Item(id="card", name=f"第{version}版", group="1", key="1")
    stamp = Publication(
        version=version, approver="张", published=effective, effective=effective, expires=expires, digest=item.digest
    )
    return replace(item, publication=stamp, **changes)


def test_callers_are_told_the_newest_version_that_has_begun_and_has_not_expired() -> None:
    first = published("1", date(2026, 1, 1), date(2026, 12, 31))
    second = published("2", date(2026, 7, 1), date(2026, 9, 30))
    catalogue = Catalogue(folder=Path(), groups=(), items=(), versions=(first, second))

    def told(day: date) -> list[str]:
        return [item.version for item in catalogue.spoken_on(day)]

    assert told(date(2025, 12, 31)) == []
    assert told(date(2026, 1, 1)) == ["1"]
    assert told(date(2026, 6, 30)) == ["1"]
    assert told(date(2026, 7, 1)) == ["2"]
    assert told(date(2026, 9, 30)) == ["2"]
    assert told(date(2026, 10, 1)) == []
    assert catalogue.expired_on(date(2026, 9, 30)) == ()
    assert catalogue.expired_on(date(2026, 10, 1)) == (second,)
    assert catalogue.version("card", "1") == first
    assert catalogue.version("card", "3") is None


def test_what_was_withdrawn_is_not_told_and_can_still_be_read() -> None:
    first = published("1", date(2026, 1, 1), date(2026, 12, 31))
    catalogue = Catalogue(folder=Path(), groups=(), items=(), versions=(first,), withdrawn=frozenset({"card"}))
    assert catalogue.spoken_on(date(2026, 2, 1)) == ()
    assert catalogue.version("card", "1") == first


def test_samples_are_told_only_where_that_is_asked_for() -> None:
    catalogue = load_catalogue(shipped_texts() / "zh_CN")
    assert catalogue.problems == ()
    assert catalogue.spoken_on(date(2026, 1, 1)) == ()
    told = catalogue.spoken_on(date(2026, 1, 1), samples=True)
    assert {item.id for item in told} >= {"work_injury", "unemployment_benefit", "maternity_allowance"}
    assert told[0].version.startswith("draft-")
    assert catalogue.version(told[0].id, told[0].version) == told[0]


def test_a_sample_that_lacks_a_part_is_not_told(folder: Path) -> None:
    text = "sample = true\n" + ITEM
    (folder / "items" / "card.toml").write_text(text, encoding="utf-8")
    assert len(load_catalogue(folder).spoken_on(date(2026, 1, 1), samples=True)) == 1
    (folder / "items" / "card.toml").write_text(text.partition("[time_limit]")[0], encoding="utf-8")
    assert load_catalogue(folder).spoken_on(date(2026, 1, 1), samples=True) == ()


def test_a_hall_without_shared_parts_needs_no_file_for_them(folder: Path) -> None:
    (folder / "hall.toml").unlink()
    assert Part.FEE not in the_item(folder).parts
    shutil.rmtree(folder / "items")
    assert load_catalogue(folder).items == ()
