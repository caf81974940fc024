"""`voicedesk news`: what people were told by webhooks, what could not be told, and a try."""

import secrets
from datetime import tzinfo
from typing import Annotated

import typer

from voicedesk.cli.asking import ask_or_carry_out
from voicedesk.cli.common import (
    ConfigOption,
    JsonOption,
    local_time,
    say,
    say_answer,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.listing import SCREENFUL, say_table, say_zone, tell_none, tell_whether_whole
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk import news as desk
from voicedesk.desk.news import NewsRow, news_json
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.english_counts import counted
from voicedesk.errors import InputError, VoicedeskError, WebhookError, WrongUsage
from voicedesk.jobs.news.news import News, message_of
from voicedesk.jobs.news.receivers import sender
from voicedesk.jobs.news.steps import NewsSteps
from voicedesk.language.translate import said, translated
from voicedesk.settings import Settings, WebhookSettings
from voicedesk.store.deliveries import Delivery, DeliveryState
from voicedesk.store.store import Store
from voicedesk.webhooks.answers import Answer, Fate
from voicedesk.webhooks.client import WebhookClient
from voicedesk.webhooks.steps import RetryNews
from voicedesk.words import comma, in_both

app = typer.Typer(help="What people are told by webhooks (WeCom, DingTalk, JSON).", no_args_is_help=True)


@app.command("list")
def list_news(
    dead: Annotated[bool, typer.Option("--dead", help="Only what could not be told.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many, the newest first.")] = SCREENFUL,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List news and what became of them; numbers are masked.

    Example: `voicedesk news list --dead`
    """
    settings = settings_of(config)
    found, there = wait(_newest(settings, DeliveryState.DEAD if dead else None, limit))
    if json:
        say_json([news_json(row) for row in found])
    elif not found:
        tell_none(("没有消息", "no news"), ("没有未送达的消息", "no news fits: none is dead"), is_filtered=dead)
    else:
        say_zone(settings.hall.zone)
        titles = (("编号", "id"), ("时间", "time"), ("发往", "to"), ("状态", "state"), ("内容", "news"))
        say_table(titles, (_cells(row, settings.hall.zone) for row in found))
    tell_whether_whole(len(found), there, has_files=False)


@app.command()
def retry(
    news_id: Annotated[
        str | None, typer.Argument(help="The id in `news list`, or how it begins.", metavar="ID")
    ] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="Everything that could not be told.")] = False,
    config: ConfigOption = None,
) -> None:
    """Queue again what could not be told; the running service sends it.

    Example: `voicedesk news retry --all-dead`
    """
    if (news_id is None) == (not all_dead):
        raise WrongUsage("name one by its id, or give --all-dead: see `voicedesk news list --dead`")
    say_answer(wait(_retry(settings_of(config), RetryNews(by=typed_by(), news=news_id))))


@app.command("test")
def send_test(
    webhook: Annotated[str, typer.Argument(help="The webhook's name in the settings.")],
    config: ConfigOption = None,
) -> None:
    """Send a test message to one webhook now, and say what came back, or what to mend (exit code 1).

    Example: `voicedesk news test supervisors`
    """
    settings = settings_of(config)
    found = next((one for one in settings.webhooks if one.name == webhook), None)
    if found is None:
        known = ", ".join(one.name for one in settings.webhooks) or "the settings have no [[webhooks]] yet: write one"
        raise InputError(f"no webhook is called {webhook!r}: {known}")
    try:
        answer = wait(_test(settings, found))
    except WebhookError as error:
        raise VoicedeskError(f"{webhook}: nothing was told: {error}") from error
    if answer.fate is not Fate.TOLD:
        raise VoicedeskError(f"{webhook}: the receiver did not take it: {answer.text}")
    say(f"{webhook}: told ({translated(answer.text)}); look whether the message is there")


async def _newest(settings: Settings, state: DeliveryState | None, limit: int) -> tuple[list[NewsRow], int]:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.news(store, AT_THE_MACHINE, state=state).kept(limit, lambda rows: rows)


async def _retry(settings: Settings, step: RetryNews) -> str:
    async with Store.open(settings.store.url, upgrade=False) as store:
        return await ask_or_carry_out(store, step, lambda: NewsSteps(store, lambda: settings, now_us))


async def _test(settings: Settings, webhook: WebhookSettings) -> Answer:
    now = now_us()
    fields: dict[str, str] = {said("Explanation"): said("This is a test: who reads it has the right settings")}
    news = News(
        id=f"test {secrets.token_hex(4)}", kind="test", at=now, title=said("Test message of Voicedesk"), fields=fields
    )
    return await sender(WebhookClient().post, lambda: settings, now_us)(webhook, message_of(news, settings.hall.spoken))


def _cells(row: NewsRow, zone: tzinfo) -> tuple[str, ...]:
    one = row.delivery
    told = f"{one.message.title}  {_fields(one)}".rstrip()
    if one.error:
        tries = in_both(f"{one.tries} 次", counted(one.tries, "tries"))
        told += f"  ({tries}: {translated(one.error, of_parts=True)})"
    return one.id, local_time(one.queued_at, zone), row.webhook or in_both("日志", "log"), str(row.state), told


def _fields(one: Delivery) -> str:
    return comma().join(f"{label} {text}" for label, text in one.message.fields)
