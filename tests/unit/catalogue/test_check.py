"""What `catalogue check` finds, with file and line."""

from datetime import date
from pathlib import Path

import pytest
from tests.unit.catalogue.halls import HALL, ITEM, OTHER, make_catalogue, write_item
from voicedesk.catalogue.check import check
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Kind, Problem
from voicedesk.catalogue.place import samples_folder
from voicedesk.catalogue.publish import Approval, publish
from voicedesk.catalogue.script import script
from voicedesk.hall.prompts import menu_of
from voicedesk.ivr.names import item_named
from voicedesk.prompts.pronunciation import shipped_pronunciation

TODAY = date(2026, 1, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_catalogue(tmp_path / "notices")


def found(folder: Path, today: date = TODAY) -> list[Problem]:
    return list(check(load_catalogue(folder), today))


def wrong(folder: Path, today: date = TODAY) -> list[str]:
    return [str(one).removeprefix(f"{folder}/") for one in found(folder, today) if not one.is_remark]


def remarks(folder: Path, today: date = TODAY) -> list[str]:
    return [str(one).removeprefix(f"{folder}/") for one in found(folder, today) if one.is_remark]


def without(text: str, head: str, following: str) -> str:
    """The item's text with one table cut out."""
    before, _, rest = text.partition(head)
    return before + (following + rest.partition(following)[2] if following else "")


def test_nothing_is_wrong_with_a_whole_item_and_what_is_still_to_do_is_told(folder: Path) -> None:
    assert wrong(folder) == []
    place, law, draft = remarks(folder)
    assert place.startswith("hall.toml, line 4: 办理地点和时间 (place) depends on the city")
    assert law.startswith("items/card.toml, line 21: 《社会保障卡管理办法》 is not verified")
    assert "was not published yet" in draft


@pytest.mark.parametrize(
    ("head", "following", "name"),
    [
        ("[materials]", "[procedure]", "申请材料 (materials)"),
        ("[procedure]", "[[basis]]", "办理程序 (procedure)"),
        ("[[basis]]", "[time_limit]", "办理依据 (basis)"),
        ("[time_limit]", "", "办理时限 (time_limit)"),
    ],
)
def test_each_required_part_that_is_missing_is_named_with_file_and_line(
    folder: Path, head: str, following: str, name: str
) -> None:
    text = without(ITEM, head, following)
    write_item(folder, "card", text)
    (problem,) = wrong(folder)
    last = text.rstrip("\n").count("\n") + 1
    assert problem.startswith(f"items/card.toml, line {last}: {name} is missing, so it cannot be published: add [")


def test_a_part_that_is_there_but_empty_is_missing_where_it_stands(folder: Path) -> None:
    write_item(folder, "card", ITEM.replace('text = "10个工作日。"', 'text = " "'))
    (problem,) = wrong(folder)
    assert problem.startswith("items/card.toml, line 23: 办理时限 (time_limit) is missing")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "社会保障卡申领"\n', "", "the name is missing"),
        ("group = 1", "group = 2", "line 4: there is no group 2: add it to groups.toml"),
        ('["社保卡"]', '["卡"]', "line 3: '卡' cannot be recognised"),
        ('["社保卡"]', '["社保 card"]', "'社保 card' cannot be recognised"),
        ('"申请", ', '"申请", "", ', "line 11: an entry of the list is empty"),
        ('"申请", ', f'"{"很长" * 31}", ', "a sentence has 65 syllables, 60 at most"),
        ('"申请", ', '"申请→领卡", ', "line 10: → cannot be read aloud"),
        ("[58, ", "[0, ", "line 16: '第0条' names no article"),
        ("[58, ", '["58", ', "line 16: '58' names no article"),
        (
            "[materials]",
            '[guide]\ntext = "一"\n[materials]',
            "line 7: 办理指引 (guide) is never told of an item of kind ours",
        ),
        ("[materials]", "[meterials]", "there is no such key: meterials: did you mean materials?"),
    ],
)
def test_what_is_wrong_in_an_item_is_told_with_the_line(folder: Path, old: str, new: str, told: str) -> None:
    assert old in ITEM
    write_item(folder, "card", ITEM.replace(old, new, 1))
    assert any(told in problem for problem in wrong(folder)), wrong(folder)


def test_an_item_of_another_office_needs_a_guide_and_nothing_else(folder: Path) -> None:
    head = 'name = "生育津贴"\nkind = "not_ours"\ngroup = 1\nkey = 9\n'
    write_item(folder, "maternity", head + '[fee]\ntext = "免费"\n[[basis]]\nlaw = "法"\n')
    problems = wrong(folder)
    assert any("办理指引 (guide) is missing" in problem for problem in problems)
    assert any("line 5: 收费标准 (fee) is never told of an item of kind not_ours" in problem for problem in problems)
    assert any("line 7: 办理依据 (basis) is never told" in problem for problem in problems)


def test_a_file_s_name_must_be_an_id(folder: Path) -> None:
    write_item(folder, "工伤", OTHER)
    assert any("'工伤' must be of a-z" in problem for problem in wrong(folder))


def test_two_items_under_the_same_keys_collide(folder: Path) -> None:
    write_item(folder, "injury", OTHER.replace('"3"', '"2"'))
    (problem,) = wrong(folder)
    assert problem == "items/injury.toml, line 5: keys 1-2 belong to card (社会保障卡申领) already: choose others"


@pytest.mark.parametrize(
    ("alias", "how"),
    [("社保卡", "is a name of"), ("设保卡", "sounds like '社保卡' of"), ("社保咖", "sounds like '社保卡' of")],
)
def test_names_that_are_the_same_or_sound_the_same_collide(folder: Path, alias: str, how: str) -> None:
    write_item(folder, "injury", OTHER.replace('"工伤"', f'"{alias}"'))
    (problem,) = wrong(folder)
    assert problem.startswith(
        f"items/injury.toml, line 3: '{alias}' {how} card (社会保障卡申领): a caller must reach one"
    )


def test_groups_have_keys_of_their_own_and_names_that_can_be_read(folder: Path) -> None:
    groups = [("1", "社保卡"), ("1", "工伤"), ("7", "☎")]
    text = "".join(f'[[groups]]\nkey = "{key}"\nname = "{name}"\n' for key, name in groups)
    (folder / "groups.toml").write_text(text, encoding="utf-8")
    twice, menu, name = wrong(folder)
    assert twice == "groups.toml, line 5: key 1 is there twice: choose another"
    assert menu == "groups.toml, line 8: key 7 belongs to the menu itself: groups have 1 to 6"
    assert name == "groups.toml, line 9: '☎' cannot be read aloud: say it in Chinese"


def test_what_is_wrong_in_the_hall_s_parts_is_told_once_and_there(folder: Path) -> None:
    (folder / "hall.toml").write_text(HALL.replace("免费", "免费→"), encoding="utf-8")
    write_item(folder, "injury", OTHER)
    assert [problem.partition(": ")[0] for problem in wrong(folder)] == ["hall.toml, line 1"]


def test_a_hall_without_parts_of_its_own_is_checked_too(folder: Path) -> None:
    (folder / "hall.toml").unlink()
    assert wrong(folder) == []


def test_expiry_and_changes_since_publishing_are_told(folder: Path) -> None:
    approval = Approval(approver="张三", effective=TODAY, expires=date(2026, 3, 31))
    publish(load_catalogue(folder), ["card"], approval, today=TODAY, as_is=True)
    assert all("expire" not in remark for remark in remarks(folder))
    assert any("version 1 expires on 2026-03-31" in remark for remark in remarks(folder, date(2026, 3, 1)))
    assert wrong(folder, date(2026, 3, 31)) == []
    (expired,) = wrong(folder, date(2026, 4, 1))
    assert "version 1 expired on 2026-03-31, callers hear nothing of it any more" in expired
    write_item(folder, "card", ITEM.replace("10个", "5个"))
    assert any("was changed since version 1, which callers still hear" in remark for remark in remarks(folder))


def test_the_samples_are_whole_and_every_one_is_marked_as_a_sample() -> None:
    catalogue = load_catalogue(samples_folder())
    assert [str(one) for one in check(catalogue, TODAY) if not one.is_remark] == []
    assert all(item.sample for item in catalogue.items)
    assert sum(item.kind is Kind.OURS for item in catalogue.items) >= 12
    assert {item.group for item in catalogue.items} == {group.key for group in catalogue.groups}
    assert [item.id for item in catalogue.spoken_on(TODAY, samples=True)] == [
        item.id for item in sorted(catalogue.items, key=lambda one: (one.group, one.key))
    ]


@pytest.mark.parametrize("words", ["{}", "我想办理{}", "我要问一下{}的事情", "{}怎么办"])
def test_every_name_and_alias_of_the_samples_leads_to_its_item_and_no_other(words: str) -> None:
    menu = menu_of(load_catalogue(samples_folder()), TODAY, samples=True)
    said = [(item, words.format(name)) for item in menu.items for name in (item.name, *item.aliases)]
    assert [text for item, text in said if item_named(menu, text) != item] == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("以大厅公布的为准", "wei2 zhun3"),
        ("申请仲裁的时效为一年", "shi2 xiao4 wei2"),
        ("被诊断为职业病之日", "zhen3 duan4 wei2"),
        ("选择发卡银行", "fa1 ka3"),
        ("最长领取十二个月", "zui4 chang2"),
        ("证件照片", "zhao4 pian4"),
    ],
)
def test_words_of_the_samples_that_the_dictionary_misreads_are_read_right(text: str, read: str) -> None:
    told = [
        sentence
        for item in load_catalogue(samples_folder()).items
        for section in script(item)
        for sentence in section.sentences
        if text in sentence
    ]
    assert told
    assert all(read in shipped_pronunciation().of(sentence) for sentence in told)


def test_no_article_is_told_that_was_not_verified() -> None:
    for item in load_catalogue(samples_folder()).items:
        assert all(basis.unverified or basis.articles or basis.number or "决定" in basis.law for basis in item.basis)
