"""A small catalogue to work on."""

from pathlib import Path

ITEM = """
name = "社会保障卡申领"
aliases = ["社保卡"]
group = 1
key = "2"

[materials]
list = ["居民身份证原件", "1寸照片2张。委托他人办理的，还要委托书"]

[procedure]
list = ["申请", "领卡"]
text = "可以网上办理。15日后领卡"

[[basis]]
law = "中华人民共和国社会保险法"
articles = [58, "第74条第3款"]

[[basis]]
law = "《社会保障卡管理办法》"
articles = [7]
unverified = true

[time_limit]
text = "10个工作日。"
"""
OTHER = ITEM.replace("社会保障卡申领", "工伤认定").replace("社保卡", "工伤").replace('"2"', '"3"')
HALL = '[fee]\ntext = "免费"\n[place]\nlocal = true\ntext = "一楼"\n'


def make_catalogue(folder: Path) -> Path:
    """A catalogue with one item, `card`, in a folder."""
    (folder / "items").mkdir(parents=True)
    (folder / "groups.toml").write_text('[[groups]]\nkey = "1"\nname = "社保卡"\n', encoding="utf-8")
    (folder / "hall.toml").write_text(HALL, encoding="utf-8")
    write_item(folder, "card", ITEM)
    return folder


def write_item(folder: Path, item_id: str, text: str) -> None:
    """An item's file."""
    (folder / "items" / f"{item_id}.toml").write_text(text, encoding="utf-8")
