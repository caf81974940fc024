"""A notice in writing (S8 书面): as a text message, and as a sheet to print. Neither holds anything of the caller."""

from collections.abc import Iterable
from datetime import tzinfo
from html import escape

from voicedesk.catalogue.model import PART_NAMES, Catalogue, Item, Part
from voicedesk.catalogue.script import Section, written
from voicedesk.clock import to_datetime
from voicedesk.ivr.model import NoticeHeard
from voicedesk.store.consultations import StoredConsultation

SMS_LENGTH = 900
"""Characters; longer notices are cut at a sentence, and the message says so."""
_SAMPLE = "（样本，未经大厅批准）"
_CUT = "（内容较多，完整告知请凭编号查询。）"


def message_of(item: Item, code: str) -> str:
    """One item as a text message."""
    head, tail = f"【{item.name}】{'' if item.publication else _SAMPLE}", f"告知编号{code}。"
    text = ""
    for section in _but_name(written(item, numbers=False)):
        for sentence in section.sentences:
            if len(head) + len(text) + len(sentence) + len(_CUT) + len(tail) > SMS_LENGTH:
                return head + text + _CUT + tail
            text += sentence
    return head + text + tail


def sheet_of(stored: StoredConsultation, catalogue: Catalogue, hall: str, zone: tzinfo) -> str:
    """A page of HTML, complete in itself, of all that was told under a code, exactly in the versions that were told."""
    day = to_datetime(stored.consultation.started_at).astimezone(zone).strftime("%Y年%m月%d日")
    body = "".join(_notice(one, catalogue) for one in stored.consultation.notices) or "<p>没有告知事项。</p>"
    return _PAGE.format(hall=escape(hall), code=stored.consultation.code, day=day, body=body)


def _notice(told: NoticeHeard, catalogue: Catalogue) -> str:
    item = catalogue.version(told.item_id, told.version)
    title = f"<h2>{escape(told.name)} <small>版本 {escape(told.version)}</small></h2>"
    if item is None:
        return f"{title}<p>这一版本的内容没有保存在本机。</p>"
    stamp = item.publication
    state = f"<p>{stamp.effective:%Y年%m月%d日}至{stamp.expires:%Y年%m月%d日}有效</p>" if stamp else f"<p>{_SAMPLE}</p>"
    parts = "".join(
        f"<h3>{PART_NAMES[section.part]}</h3>" + "".join(f"<p>{escape(one)}</p>" for one in _under_its_title(section))
        for section in _but_name(written(item))
    )
    return title + state + parts


def _but_name(sections: Iterable[Section]) -> Iterable[Section]:
    """The parts below a title that is the item's name."""
    return (section for section in sections if section.part is not Part.NAME)


def _under_its_title(section: Section) -> Iterable[str]:
    """A part's sentences below its name, which none of them repeats."""
    return (sentence.removeprefix(f"{PART_NAMES[section.part]}：") for sentence in section.sentences)


_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>一次性告知单 {code}</title>
<style>
body {{ font: 14pt/1.6 "Noto Serif CJK SC", "Source Han Serif SC", SimSun, serif; max-width: 18cm; margin: 1.5cm auto }}
h1 {{ text-align: center; font-size: 20pt }} h2 {{ border-bottom: 1px solid; font-size: 16pt }} h3 {{ font-size: 13pt }}
h3, p {{ margin: .2em 0 }} small {{ font-weight: normal; font-size: 11pt }} .head {{ text-align: center }}
@page {{ size: A4; margin: 1.5cm }} h2, h3 {{ break-after: avoid }}
</style></head>
<body><h1>一次性告知单</h1>
<p class="head">{hall}　{day}　告知编号 <strong>{code}</strong></p>
{body}
</body></html>
"""
