"""A hall approves an item; what was approved never changes; what changed is shown."""

from datetime import date
from pathlib import Path

import pytest
from tests.unit.catalogue.halls import ITEM, OTHER, make_catalogue, write_item
from voicedesk.catalogue.changes import REACHED, PartChange, changes
from voicedesk.catalogue.check import check
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Item
from voicedesk.catalogue.place import copy_samples, refuse_samples, samples_folder
from voicedesk.catalogue.publish import Approval, publish
from voicedesk.catalogue.script import script
from voicedesk.errors import InputError

TODAY = date(2026, 1, 1)
YEAR = Approval(approver="张三", effective=TODAY, expires=date(2026, 12, 31))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_catalogue(tmp_path / "notices")


def published(folder: Path, *ids: str, approval: Approval = YEAR, as_is: bool = True) -> tuple[Item, ...]:
    return publish(load_catalogue(folder), ids or ("card",), approval, today=TODAY, as_is=as_is)


def versions(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.glob("published/**/*") if file.is_file())


def test_what_is_approved_is_told_and_what_is_written_later_is_not(folder: Path) -> None:
    (first,) = published(folder)
    write_item(folder, "card", ITEM.replace("10个工作日", "5个工作日"))
    (folder / "hall.toml").write_text('[fee]\ntext = "5元"\n', encoding="utf-8")
    (told,) = load_catalogue(folder).spoken_on(date(2026, 6, 1))
    assert told == first
    assert (told.version, told.publication and told.publication.approver) == ("1", "张三")
    sentences = [sentence for part in script(told) for sentence in part.sentences]
    assert "办理时限：十个工作日。" in sentences
    assert "收费标准：免费。" in sentences


def test_every_version_is_kept_and_can_be_read(folder: Path) -> None:
    published(folder)
    write_item(folder, "card", ITEM.replace("10个工作日", "5个工作日"))
    published(folder)
    assert versions(folder) == ["published/card/1.toml", "published/card/2.toml"]
    catalogue = load_catalogue(folder)
    told = [catalogue.version("card", version) for version in ("1", "2")]
    assert [item and item.parts["time_limit"].text for item in told] == [("10个工作日。",), ("5个工作日。",)]  # type: ignore[index]


def test_an_item_whose_file_is_removed_is_withdrawn_and_its_versions_stay(folder: Path) -> None:
    published(folder)
    (folder / "items" / "card.toml").unlink()
    catalogue = load_catalogue(folder)
    assert catalogue.withdrawn == {"card"}
    assert catalogue.spoken_on(TODAY) == ()
    assert catalogue.version("card", "1") is not None


def test_an_item_that_lacks_a_part_cannot_be_published(folder: Path) -> None:
    write_item(folder, "card", ITEM.partition("[time_limit]")[0])
    with pytest.raises(InputError, match=r"办理时限 \(time_limit\) is missing.*\nnothing was published"):
        published(folder)
    assert versions(folder) == []


def test_several_are_published_together_or_none(folder: Path) -> None:
    write_item(folder, "injury", OTHER.replace('"3"', '"2"'))
    with pytest.raises(InputError, match="keys 1-2 belong to card"):
        published(folder, "card", "injury")
    assert versions(folder) == []
    write_item(folder, "injury", OTHER)
    assert [item.id for item in published(folder, "card", "injury", "card")] == ["card", "injury"]


def test_what_callers_hear_already_must_not_collide_with_what_is_published(folder: Path) -> None:
    published(folder)
    write_item(folder, "card", ITEM.replace("社保卡", "领卡").replace('"2"', '"8"'))
    write_item(folder, "injury", OTHER.replace('"工伤"', '"社保卡"'))
    with pytest.raises(InputError, match="'社保卡' is a name of card"):
        published(folder, "injury")
    published(folder, "card", "injury")


def test_parts_that_depend_on_the_city_are_approved_only_if_that_is_said(folder: Path) -> None:
    write_item(folder, "card", ITEM + "local = true\n")
    with pytest.raises(InputError) as refused:
        published(folder, as_is=False)
    assert f"{folder}/items/card.toml, line 25: 办理时限 (time_limit) depends on the city" in str(refused.value)
    assert f"{folder}/hall.toml, line 4: 办理地点和时间 (place) depends on the city" in str(refused.value)
    (folder / "hall.toml").unlink()
    write_item(folder, "card", ITEM)
    published(folder, as_is=False)


@pytest.mark.parametrize(
    ("approval", "told"),
    [
        (Approval(approver=" ", effective=TODAY, expires=TODAY), "say who approves"),
        (Approval(approver="张\n三", effective=TODAY, expires=TODAY), "one line of printable text"),
        (Approval(approver="张三", effective=date(2025, 12, 31), expires=TODAY), "in the past"),
        (Approval(approver="张三", effective=date(2026, 2, 1), expires=TODAY), "before it begins"),
    ],
)
def test_an_approval_has_a_name_and_days_that_make_sense(folder: Path, approval: Approval, told: str) -> None:
    with pytest.raises(InputError, match=told):
        published(folder, approval=approval)
    assert versions(folder) == []


def test_an_item_nobody_knows_or_nobody_can_read_is_told(folder: Path) -> None:
    with pytest.raises(InputError, match="there is no item 'injury': known are card"):
        published(folder, "injury")
    write_item(folder, "injury", "name =")
    with pytest.raises(InputError, match=r"injury\.toml, line 1: is not TOML"):
        published(folder, "injury")


def test_a_version_that_somebody_changed_is_not_told_and_no_older_one_in_its_place(folder: Path) -> None:
    write_item(folder, "card", "sample = true\n" + ITEM)
    published(folder)
    published(folder)
    assert [one.version for one in load_catalogue(folder).spoken_on(TODAY)] == ["2"]
    file = folder / "published" / "card" / "2.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("10个", "1个"), encoding="utf-8")
    catalogue = load_catalogue(folder)
    assert catalogue.spoken_on(TODAY, samples=True) == ()
    assert any("was changed after it was approved" in str(one) for one in check(catalogue, TODAY))
    with pytest.raises(InputError, match="was changed after it was approved"):
        published(folder)


def test_a_version_under_another_number_is_none(folder: Path) -> None:
    published(folder)
    (folder / "published" / "card" / "1.toml").rename(folder / "published" / "card" / "x.toml")
    (problem,) = load_catalogue(folder).problems
    assert "is no version x that was published" in str(problem)


def test_somebody_else_s_version_is_never_written_over(folder: Path) -> None:
    before = load_catalogue(folder)
    published(folder)
    with pytest.raises(InputError, match="somebody else published just now"):
        publish(before, ["card"], YEAR, today=TODAY, as_is=True)
    assert versions(folder) == ["published/card/1.toml"]


def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "published").mkdir()
    (folder / "published" / "card").write_text("in the way", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        published(folder)


def test_what_is_approved_stays_as_it_was_written_to_the_last_character(folder: Path) -> None:
    odd = ITEM.replace("居民身份证原件", "A4纸的“表”，《复印件》").replace("[time_limit]", "[time_limit]\nlocal = true")
    write_item(folder, "card", odd)
    draft = load_catalogue(folder).item("card")
    (version,) = published(folder)
    assert draft is not None
    assert (version.digest, version.parts, version.basis) == (draft.digest, draft.parts, draft.basis)


def test_what_changed_is_shown_part_by_part(folder: Path) -> None:
    (first,) = published(folder)
    text = (
        ITEM.replace('"领卡"]', '"制卡", "领卡"]').replace("10个", "5个").replace("58, ", "").replace("社保卡", "办卡")
    )
    write_item(folder, "card", text)
    after = load_catalogue(folder).item("card")
    assert after is not None
    assert changes(first, after) == (
        PartChange(part=REACHED, removed=("社保卡",), added=("办卡",)),
        PartChange(part="procedure", removed=(), added=("制卡",)),
        PartChange(
            part="basis",
            removed=("中华人民共和国社会保险法 第58条 第74条第3款",),
            added=("中华人民共和国社会保险法 第74条第3款",),
        ),
        PartChange(part="time_limit", removed=("10个工作日。",), added=("5个工作日。",)),
    )
    assert changes(after, after) == ()
    assert [one.removed for one in changes(None, first)] == [()] * 7


def test_a_hall_begins_with_the_samples_once_and_publishes_only_in_its_own_folder(tmp_path: Path) -> None:
    own = tmp_path / "own"
    copy_samples(own)
    assert load_catalogue(own).items
    refuse_samples(own)
    with pytest.raises(InputError, match="has a catalogue already"):
        copy_samples(own)
    with pytest.raises(InputError, match="voicedesk catalogue init FOLDER"):
        refuse_samples(samples_folder())
