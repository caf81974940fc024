"""`voicedesk catalogue`, as it is typed."""

import json
from pathlib import Path

import pytest
from tests.unit.catalogue.halls import ITEM, make_catalogue, write_item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_catalogue(tmp_path / "notices")


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> str:
    file = tmp_path / "voicedesk.toml"
    file.write_text('[notices]\nfolder = "notices"\n', encoding="utf-8")
    return str(file)


def test_a_hall_makes_its_catalogue_from_the_samples(typed, tmp_path):
    made = typed("catalogue", "init", str(tmp_path / "own"))
    assert "has 23 samples now" in made.out
    assert typed("catalogue", "check", "--folder", str(tmp_path / "own")).code == 0
    refused = typed("catalogue", "init", str(tmp_path / "own"))
    assert (refused.code, "has a catalogue already" in refused.err) == (1, True)


def test_check_says_what_is_missing_and_fails(typed, folder, config):
    assert "1 item in" in typed("catalogue", "check", "--config", config).out
    write_item(folder, "card", ITEM.partition("[time_limit]")[0])
    told = typed("catalogue", "check", "--config", config)
    assert told.code == 1
    assert "items/card.toml, line 21: 办理时限 (time_limit) is missing" in told.out
    wrong = json.loads(typed("catalogue", "check", "--json", "--config", config).out)[0]
    assert (wrong["part"], wrong["line"], wrong["item"], wrong["is_remark"]) == ("time_limit", 21, "card", False)


def test_all_is_well_where_nothing_is_left_to_do(typed, folder, config):
    (folder / "hall.toml").unlink()
    write_item(folder, "card", ITEM.replace("unverified = true\n", ""))
    typed("catalogue", "publish", "card", "--approver", "张三", "--expires", "2999-12-31", "--config", config)
    assert "all is well" in typed("catalogue", "check", "--config", config).out


def test_an_item_is_published_listed_shown_changed_and_withdrawn(typed, folder, config):
    settings = ("--config", config)
    approval = ("--approver", "张三", "--expires", "2999-12-31", "--as-is", *settings)
    assert "未批准 not approved，不播报 not told" in typed("catalogue", "list", *settings).out
    new = json.loads(typed("catalogue", "diff", "card", "--json", *settings).out)
    assert (new["from"], len(new["changes"])) == (None, 7)
    assert "第 1 版 published" in typed("catalogue", "publish", "card", *approval).out
    assert "nothing was changed" in typed("catalogue", "publish", "--all", *approval).out
    assert "没有变化" in typed("catalogue", "diff", "card", *settings).out
    write_item(folder, "card", ITEM.replace("10个", "5个"))
    listed = typed("catalogue", "list", *settings).out
    assert "1 社保卡\n  2  社会保障卡申领  (card)  第 1 版" in listed
    assert "有改动未批准 changed since，播报 told: 1" in listed
    changed = typed("catalogue", "diff", "card", *settings).out
    assert "1 -> draft-" in changed
    assert "【办理时限】\n  - 10个工作日。\n  + 5个工作日。" in changed
    (second,) = json.loads(typed("catalogue", "publish", "--all", "--json", *approval).out)
    assert (second["version"], second["approver"], second["expires"]) == ("2", "张三", "2999-12-31")
    renamed = ITEM.replace('["社保卡"]', '["办卡"]')
    write_item(folder, "card", renamed)
    assert (
        "【名称和按键 name and keys】\n  - 社保卡\n  + 办卡" in typed("catalogue", "diff", "card", "1", *settings).out
    )
    shown = typed("catalogue", "show", "card", "--version", "1", *settings).out
    assert "批准 approved by 张三" in shown
    assert "【办理时限】\n  办理时限：10个工作日。" in shown
    assert "办理时限：五个工作日。" in typed("catalogue", "show", "card", "--version", "2", "--spoken", *settings).out
    (folder / "items" / "card.toml").unlink()
    assert "已撤下 withdrawn，不播报 not told" in typed("catalogue", "list", *settings).out
    (row,) = json.loads(typed("catalogue", "list", "--json", "--on", "2999-01-01", *settings).out)
    assert (row["id"], row["version"], row["told_version"], row["withdrawn"]) == ("card", "2", None, True)


def test_what_is_missing_is_shown_in_its_place(typed, folder, config):
    write_item(folder, "card", ITEM.partition("[time_limit]")[0])
    assert "【办理时限】缺 missing" in typed("catalogue", "show", "card", "--config", config).out
    shown = json.loads(typed("catalogue", "show", "card", "--json", "--config", config).out)
    assert shown["missing"] == ["time_limit"]
    assert shown["parts"]["procedure"][1] == "第一步，申请。"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("publish", "card", "--approver", "张三"), "say until when"),
        (("publish", "--approver", "张三", "--expires", "2999-01-01"), "name the items to publish"),
        (("publish", "card", "--approver", "张三", "--expires", "soon"), "'soon' is no date"),
        (("publish", "card", "--approver", "张三", "--expires", "2999-01-01"), "depends on the city"),
        (("publish", "card", "--expires", "2999-01-01", "--as-is"), "say who approves"),
        (("publish", "card", "--effective", "2001-01-01", "--approver", "张", "--expires", "2999-01-01"), "the past"),
        (("show", "card", "--version", "7"), "has no published version yet"),
        (("show", "injury"), "there is no item 'injury'"),
        (("diff", "card", "7"), "has no published version yet"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_with_the_cure(typed, config, words, told):
    refused = typed("catalogue", *words, "--config", config)
    wrong_usage = ("say until when", "name the items", "'soon' is no date")
    assert refused.code == (2 if told.startswith(wrong_usage) else 1)
    assert told in refused.err


def test_the_samples_themselves_are_shown_and_never_published(typed):
    assert "样本 sample，不播报 not told" in typed("catalogue", "list").out
    assert "第十六条" in typed("catalogue", "show", "retirement", "--spoken").out
    refused = typed("catalogue", "publish", "retirement", "--approver", "张三", "--expires", "2999-12-31")
    assert "voicedesk catalogue init FOLDER" in refused.err
