"""`voicedesk catalogue`: what callers are told of each business item, and what a hall approved of it."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from voicedesk.catalogue.changes import REACHED, changes
from voicedesk.catalogue.check import check as check_all
from voicedesk.catalogue.load import load_catalogue
from voicedesk.catalogue.model import Catalogue, Item, Part, Problem, part_name
from voicedesk.catalogue.place import copy_samples, refuse_samples, samples_folder
from voicedesk.catalogue.publish import Approval, written_item
from voicedesk.catalogue.publish import publish as publish_items
from voicedesk.catalogue.script import script, written
from voicedesk.cli.common import (
    ERROR,
    ConfigOption,
    JsonOption,
    path_of,
    say,
    say_answer,
    say_as_it_is,
    say_json,
    say_lines,
    settings_of,
)
from voicedesk.errors import InputError, WrongUsage
from voicedesk.settings import Settings
from voicedesk.words import comma, in_both

FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="A catalogue's folder; else that of the settings.", parser=path_of, metavar="PATH"),
]
ItemArgument = Annotated[str, typer.Argument(help="The item's id, as `catalogue list` shows it.", metavar="ITEM")]
DRAFT = "draft"

app = typer.Typer(help="The notice catalogue: what is told of each business item (S5, S7).", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands about the notice catalogue."""


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(help="Where to put it; made if it is not there.", parser=path_of, metavar="PATH")
    ],
) -> None:
    """Make a catalogue of the hall's own, from the samples that came with Voicedesk.

    Example: `voicedesk catalogue init notices`
    """
    copy_samples(folder)
    say(f"{folder} has {len(load_catalogue(folder).items)} samples now. Then:")
    say(f'  1. write into voicedesk.toml:  [notices]  folder = "{folder}"')
    say("  2. make every item your hall's own; what is left to do:  voicedesk catalogue check")
    say("  3. approve each:  voicedesk catalogue publish ITEM --approver NAME --expires DATE")


@app.command("list")
def list_items(
    folder: FolderOption = None,
    day: Annotated[str | None, typer.Option("--on", help="As on this date; else today.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the items: keys, id, version, and whether callers are told of it.

    Example: `voicedesk catalogue list --on 2027-01-01`
    """
    catalogue, settings = _opened(folder, config)
    when = _day(day, settings)
    spoken = {one.id: one for one in catalogue.spoken_on(when, samples=settings.notices.samples)}
    if json:
        say_json([_row(catalogue, one, spoken.get(one.id)) for one in _by_keys(catalogue)])
        return
    groups = {group.key: group.name for group in catalogue.groups}
    shown = None
    for item in _by_keys(catalogue):
        if item.group != shown:
            shown = item.group
            say_as_it_is(f"{item.group} {groups.get(item.group, '?')}")
        say_as_it_is(f"  {item.key}  {item.name}  ({item.id})  {_state(catalogue, item, spoken.get(item.id))}")


@app.command()
def show(
    item_id: ItemArgument,
    version: Annotated[str | None, typer.Option(help="A published version; else what is written now.")] = None,
    spoken: Annotated[bool, typer.Option("--spoken", help="As it is read aloud.")] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show an item part by part, as it is told.

    Example: `voicedesk catalogue show work_injury --spoken`
    """
    catalogue, _ = _opened(folder, config)
    item = _version(catalogue, item_id, version or DRAFT)
    sections = script(item) if spoken else written(item)
    if json:
        parts = {one.part: one.sentences for one in sections}
        say_json({**_facts(item), "parts": parts, "missing": item.missing})
        return
    say(f"{item.name}  ({item.id})  版本 version {item.version}")
    if item.publication:
        stamp = item.publication
        say(f"批准 approved by {stamp.approver}，{stamp.effective} — {stamp.expires}")
    for section in sections:
        say_lines(f"\n【{part_name(section.part)}】")
        for sentence in section.sentences:
            say_as_it_is(f"  {sentence}")
    for part in item.missing:
        say_lines(f"\n【{part_name(part)}】缺 missing")


@app.command()
def check(
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say which part of which file is missing or wrong, and what a hall has still to do.

    Example: `voicedesk catalogue check`

    Exit code 1 if something keeps an item from being published, or an item from being told.
    """
    catalogue, settings = _opened(folder, config)
    found = check_all(catalogue, _day(None, settings))
    wrong = [one for one in found if not one.is_remark]
    if json:
        say_json([_problem(one) for one in found])
    else:
        for one in found:
            say_answer(f"{in_both('待办', 'to do') if one.is_remark else in_both('错误', 'wrong')}: {one}")
        items, folder_name = len(catalogue.items), catalogue.folder
        if found:
            say(f"{items} items in {folder_name}: {len(wrong)} wrong, {len(found) - len(wrong)} to do")
        else:
            say(f"{items} items in {folder_name}: all is well")
    if wrong:
        raise typer.Exit(ERROR)


@app.command()
def publish(
    items: Annotated[list[str] | None, typer.Argument(help="Ids of items.", metavar="ITEM...")] = None,
    approver: Annotated[str, typer.Option(help="Who approves: the name is kept with the version.")] = "",
    expires: Annotated[str, typer.Option(help="The last day on which callers are told.")] = "",
    effective: Annotated[str | None, typer.Option(help="The first day; else today.")] = None,
    all_items: Annotated[bool, typer.Option("--all", help="Every item that was changed, is new or expired.")] = False,
    as_is: Annotated[bool, typer.Option("--as-is", help="Also parts still marked as depending on the city.")] = False,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Approve items: what is written now becomes the next version, and callers are told that.

    Example: `voicedesk catalogue publish work_injury --approver 张三 --expires 2027-12-31`
    """
    catalogue, settings = _opened(folder, config)
    refuse_samples(catalogue.folder)
    today = _day(None, settings)
    wanted = [one.id for one in catalogue.items if _is_due(catalogue, one, today)] if all_items else list(items or ())
    if not wanted and not all_items:
        raise WrongUsage("name the items to publish, or give --all")
    if not expires:
        raise WrongUsage("say until when it holds with --expires 2027-12-31: it is not told for ever")
    approval = Approval(
        approver=approver, effective=_day(effective, settings) if effective else today, expires=_day(expires, settings)
    )
    done = publish_items(catalogue, wanted, approval, today=today, as_is=as_is)
    if json:
        say_json([_facts(one) for one in done])
        return
    for one in done:
        say(f"{one.name}  ({one.id})  第 {one.version} 版 published: {_dates(one)}")
    if not done:
        say("nothing was changed since it was published")


@app.command()
def diff(
    item_id: ItemArgument,
    before: Annotated[
        str | None, typer.Argument(help="A version; else the latest one published.", metavar="FROM")
    ] = None,
    after: Annotated[str, typer.Argument(help="A version, or draft: what is written now.", metavar="TO")] = DRAFT,
    folder: FolderOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what changed between two versions of an item, part by part.

    Example: `voicedesk catalogue diff work_injury 1 2`
    """
    catalogue, _ = _opened(folder, config)
    new = _version(catalogue, item_id, after)
    old = _version(catalogue, item_id, before) if before else _latest(catalogue, item_id)
    found = changes(old, new)
    if json:
        versions = {"from": old.version if old else None, "to": new.version}
        say_json({"item": item_id, **versions, "changes": [asdict(one) for one in found]})
        return
    say(f"{new.name}  ({item_id})  {old.version if old else in_both('未发布过', 'nothing published')} -> {new.version}")
    for one in found:
        say(f"【{in_both('名称和按键', 'name and keys') if one.part == REACHED else part_name(Part(one.part))}】")
        for sign, lines in (("-", one.removed), ("+", one.added)):
            for line in lines:
                say_as_it_is(f"  {sign} {line}")
    if not found:
        say("  没有变化 nothing changed")


def _opened(folder: Path | None, config: Path | None) -> tuple[Catalogue, Settings]:
    settings = settings_of(config)
    return load_catalogue(folder or settings.notices.folder or samples_folder()), settings


def _day(text: str | None, settings: Settings) -> date:
    """A date a person typed; None: today, in the hall."""
    if text is None:
        return datetime.now(settings.hall.zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongUsage(f"{text!r} is no date: write 2027-12-31") from error


def _version(catalogue: Catalogue, item_id: str, version: str) -> Item:
    if version == DRAFT:
        return written_item(catalogue, item_id)
    item = catalogue.version(item_id, version)
    if item is None:
        known = ", ".join(one.version for one in catalogue.versions_of(item_id))
        if not known:
            raise InputError(f"{item_id!r} has no published version yet: voicedesk catalogue publish makes the first")
        raise InputError(f"{item_id!r} has no version {version!r}: published are {known}")
    return item


def _latest(catalogue: Catalogue, item_id: str) -> Item | None:
    return next(reversed(catalogue.versions_of(item_id)), None)


def _by_keys(catalogue: Catalogue) -> list[Item]:
    """What is written, and what was withdrawn at its last version."""
    withdrawn = [latest for one in sorted(catalogue.withdrawn) if (latest := _latest(catalogue, one))]
    return sorted((*catalogue.items, *withdrawn), key=lambda one: (one.group, one.key, one.id))


def _is_changed(catalogue: Catalogue, item: Item) -> bool:
    latest = _latest(catalogue, item.id)
    return latest is None or latest.digest != item.digest


def _is_due(catalogue: Catalogue, item: Item, today: date) -> bool:
    return _is_changed(catalogue, item) or item.id in {one.id for one in catalogue.expired_on(today)}


def _state(catalogue: Catalogue, item: Item, spoken: Item | None) -> str:
    latest = _latest(catalogue, item.id)
    told = f"{in_both('播报', 'told')}: {spoken.version}" if spoken else in_both("不播报", "not told")
    if item.id in catalogue.withdrawn:
        return f"{in_both('已撤下', 'withdrawn')}{comma()}{told}"
    if latest is None:
        return f"{in_both('样本', 'sample') if item.sample else in_both('未批准', 'not approved')}{comma()}{told}"
    changed = f"{comma()}{in_both('有改动未批准', 'changed since')}" if _is_changed(catalogue, item) else ""
    version = in_both(f"第 {latest.version} 版", f"version {latest.version}")
    return f"{version} {_dates(latest)}{changed}{comma()}{told}"


def _dates(item: Item) -> str:
    return f"{item.publication.effective} — {item.publication.expires}" if item.publication else ""


def _facts(item: Item) -> dict[str, Any]:
    """Everything but the parts, as plain values."""
    stamp = item.publication
    days = {key: str(getattr(stamp, key)) if stamp else None for key in ("published", "effective", "expires")}
    return {
        "id": item.id,
        "name": item.name,
        "kind": item.kind,
        "aliases": item.aliases,
        "group": item.group,
        "key": item.key,
        "version": item.version,
        "approver": stamp.approver if stamp else None,
        **days,
        "sample": item.sample,
        "basis": [asdict(one) for one in item.basis],
    }


def _row(catalogue: Catalogue, item: Item, spoken: Item | None) -> dict[str, Any]:
    latest = _latest(catalogue, item.id)
    return {
        **_facts(latest or item),
        "told_version": spoken.version if spoken else None,
        "changed": _is_changed(catalogue, item),
        "withdrawn": item.id in catalogue.withdrawn,
        "missing": item.missing,
    }


def _problem(one: Problem) -> dict[str, Any]:
    return {**asdict(one), "file": str(one.file)}
