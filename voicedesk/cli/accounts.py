"""`voicedesk account`: who may sign in to the desk on a screen, and as what (S16)."""

from collections.abc import Callable
from typing import Annotated

import typer

from voicedesk.access.accounts import Account, read_login
from voicedesk.access.codes import new_code
from voicedesk.access.moves import Keeper, Move, added, changed, locked, opened, removed, reset
from voicedesk.access.roles import Role
from voicedesk.access.words import ROLES
from voicedesk.cli.common import (
    ConfigOption,
    JsonOption,
    complain,
    local_time,
    say,
    say_as_it_is,
    say_json,
    settings_of,
    wait,
)
from voicedesk.cli.who import typed_by
from voicedesk.clock import now_us
from voicedesk.desk import accounts as desk
from voicedesk.desk.accounts import AccountRow, account_json, agent_of
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import AT_THE_MACHINE
from voicedesk.errors import InputError, WrongUsage
from voicedesk.settings import Settings
from voicedesk.store.store import Store
from voicedesk.words import both, in_both

app = typer.Typer(help="Accounts of the desk on a screen: who signs in, and as what (S16).", no_args_is_help=True)

LoginArgument = Annotated[str, typer.Argument(help="The login: a work number (工号), or a short name.")]
AgentOption = Annotated[
    str | None, typer.Option("--agent", help="Who of [[agents]] it is, by id or name; else whose number the login is.")
]


@app.command()
def add(
    login: LoginArgument,
    role: Annotated[Role, typer.Option("--role", help="What the person is in the hall.")],
    name: Annotated[str | None, typer.Option("--name", help="The person's name; else that of [[agents]].")] = None,
    agent: AgentOption = None,
    config: ConfigOption = None,
) -> None:
    """Make an account, and print the one-time code with which the person comes for the first time.

    Example: `voicedesk account add 0101 --role staff`
    """
    settings = settings_of(config)
    login, code = read_login(login), new_code()
    person = agent_of(settings, login, agent)
    if role is Role.STAFF and person is None:
        raise InputError(f"nobody of [[agents]] has the number {login}: whose calls are theirs? give --agent")
    known = people_of(settings).get(person or "", "")
    made = Account(login=login, name=_written(name, known or login), role=role, agent=person)
    wait(_add(settings, added(_keeper(), made, code)))
    whose = f"{known} {person}" if person else in_both("不对应接听人员", "nobody who answers calls")
    say(f"已新增 added: {login}  {both(ROLES, role)}  {whose}")
    _say_code(code)


@app.command("list")
def list_accounts(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List every account: its role, whose it is, and how it stands.

    Example: `voicedesk account list`
    """
    settings, now = settings_of(config), now_us()
    found = wait(_list(settings, now))
    if json:
        say_json([account_json(row, now) for row in found])
        return
    if not found:
        complain(in_both("还没有账号", "there are no accounts yet"))
    for row in found:
        one = row.account
        until = one.closed_until(now)
        more = [
            *([in_both("有动态验证码", "second factor")] if one.totp_secret else []),
            *([f"{in_both('到', 'until')} {local_time(until, settings.hall.zone)}"] if until else []),
        ]
        say_as_it_is("  ".join([one.login, one.name, str(row.role), row.agent_name or "-", str(row.state), *more]))


@app.command()
def change(
    login: LoginArgument,
    role: Annotated[Role | None, typer.Option("--role", help="What the person is from now on.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The person's name.")] = None,
    agent: AgentOption = None,
    config: ConfigOption = None,
) -> None:
    """Give an account another role, name or person; whoever is signed in signs in once more.

    Example: `voicedesk account change 0101 --role supervisor`
    """
    if role is None and name is None and agent is None:
        raise InputError("say what is to be changed: --role, --name or --agent")
    settings = settings_of(config)
    person = None if agent is None else agent_of(settings, read_login(login), agent)
    new_name = _written(name, "")

    def move(keeper: Keeper, one: Account) -> Move:
        return changed(keeper, one, role=role or one.role, name=new_name or one.name, agent=person or one.agent)

    _step(settings, login, move)
    say(f"已更改 changed: {read_login(login)}")


def _written(name: str | None, usual: str) -> str:
    """The name that was typed. Raises WrongUsage for one that is empty, or that cannot be shown."""
    if name is not None and not (name.strip() and name.isprintable()):
        raise WrongUsage(f"--name {name!r} cannot be shown: write the person's name, or leave it out")
    return usual if name is None else name.strip()


@app.command("reset")
def reset_account(login: LoginArgument, config: ConfigOption = None) -> None:
    """Take password, authenticator and recovery codes away, and print a new one-time code.

    Example: `voicedesk account reset 0101`

    Ask who wants it: whoever brings the code in is that person from then on.
    """
    code = new_code()
    _step(settings_of(config), login, lambda keeper, one: reset(keeper, one, code))
    say(f"已重设 reset: {read_login(login)}")
    _say_code(code)


@app.command()
def lock(
    login: LoginArgument,
    unlock: Annotated[bool, typer.Option("--open", help="Open it again, and forget wrong passwords.")] = False,
    config: ConfigOption = None,
) -> None:
    """Lock an account: nobody signs in by it, and whoever is signed in is out; --open opens it.

    Example: `voicedesk account lock 0101`
    """
    _step(settings_of(config), login, opened if unlock else locked)
    if unlock:
        say(f"已解开 open: {read_login(login)}")
    else:
        say(f"已锁定 locked: {read_login(login)}")


@app.command()
def remove(login: LoginArgument, config: ConfigOption = None) -> None:
    """Remove an account with its sessions; what it did stays in the audit log.

    Example: `voicedesk account remove 0101`
    """
    _step(settings_of(config), login, removed)
    say(f"已删除 removed: {read_login(login)}")


def _say_code(code: str) -> None:
    say(f"一次性代码 one-time code: {code}")
    say("三天内有效，只能用一次，请当面交给本人 good for three days and once: give it to that person alone")


def _keeper() -> Keeper:
    return Keeper(who=f"cli:{typed_by()}", now=now_us())


def _step(settings: Settings, login: str, move: Callable[[Keeper, Account], Move]) -> None:
    wait(_stepped(settings, read_login(login), move))


async def _stepped(settings: Settings, login: str, move: Callable[[Keeper, Account], Move]) -> None:
    keeper = _keeper()
    async with Store.open(settings.store.url, may_write=False) as store:
        await store.accounts.step(login, lambda account: move(keeper, account))


async def _add(settings: Settings, move: Move) -> None:
    async with Store.open(settings.store.url, may_write=False) as store:
        await store.accounts.add(move)


async def _list(settings: Settings, now: int) -> list[AccountRow]:
    async with Store.open(settings.store.url, may_write=False) as store:
        return await desk.accounts(store, settings, AT_THE_MACHINE, now=now)
