"""Writes a testbed's Asterisk configuration: the templates in `conf/` around the very files of `dialplans/`."""

from pathlib import Path

from tests.testbed.plan import Line, Phone, Plan

TEMPLATES = Path(__file__).parent / "conf"
HOUSES = TEMPLATES / "houses"
DIALPLANS = Path(__file__).parents[2] / "dialplans"
AMI_USER = "voicedesk"
AMI_SECRET = "testbed-secret"
SHOWN_NUMBER = "037187654321"
"""What a line of its own number shows to citizens who are rung back."""
DIAL_USER = "voicedesk-dialler"
DIAL_SECRET = "testbed-dialling-secret"
PAUSE_USER = "voicedesk-pauser"
PAUSE_SECRET = "testbed-pausing-secret"
PBX_NAME = "testbed"
NOTICES_EXTENSION = "4900"


def render(text: str, values: dict[str, object]) -> str:
    """The text with each `@NAME@` replaced by its value."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def write_configuration(plan: Plan, prefix: Path, run: Path) -> None:
    """Writes all files into `run`/etc."""
    network, etc = plan.network, run / "etc"
    values: dict[str, object] = {
        "RUN": run,
        "PREFIX": prefix,
        "ADDRESS": network.switch,
        "SIP_PORT": network.sip_port,
        "AMI_PORT": network.ami_port,
        "AMI_USER": AMI_USER,
        "AMI_SECRET": AMI_SECRET,
        "AMI_PERMIT": "127.0.0.0/255.0.0.0",
        "NOTICE": "beep",
        "RECORDINGS": run / "recordings",
        "AGI": f"agi://{network.switch}:{network.agi_port}",
        "PBX": PBX_NAME,
        "NOTICES_EXTENSION": NOTICES_EXTENSION,
        "DIAL_USER": DIAL_USER,
        "DIAL_SECRET": DIAL_SECRET,
        "PAUSE_USER": PAUSE_USER,
        "PAUSE_SECRET": PAUSE_SECRET,
        "MEMBER": "${CHANNEL:0:-9}",
        "REASONS": "exten => *311,1,Gosub(voicedesk-break,start,1(午餐))",
        "STAFF": "_6XXX",
        "STAFF_DIAL": "PJSIP/agent${EXTEN:3}",
        "TRUNK_DIAL": "PJSIP/${ARG1}@trunk",
        "HOTLINE": "037112345678",
        "SHOWN": SHOWN_NUMBER,
        "PHONES_DIAL_IN": plan.phones_dial_in,
    }
    etc.mkdir(parents=True)
    files = {path.name: render(path.read_text(encoding="utf-8"), values) for path in TEMPLATES.glob("*.conf")}
    files["pjsip.conf"] += (
        _trunk(plan) + "".join(_endpoint(plan, phone) for phone in plan.phones()) + _unreachable(plan)
    )
    files |= _hall_files(plan, values)
    if plan.house:
        _move_in(plan, files, values)
    else:
        files["extensions.conf"] += _extensions(plan)
    for name, text in files.items():
        (etc / name).write_text(text, encoding="utf-8")


def _hall_files(plan: Plan, values: dict[str, object]) -> dict[str, str]:
    """The files a hall would include, one copy per line where they say so."""
    files = {path.name: path.read_text(encoding="utf-8") for path in DIALPLANS.glob("voicedesk-*.conf")}
    if not plan.recorded:
        del files["voicedesk-recording.conf"]
    if not plan.ivr:
        del files["voicedesk-ivr.conf"], files["voicedesk-notices.conf"]
    rendered = {name: render(text, values) for name, text in files.items()}
    if plan.ivr:
        rendered["voicedesk-notices.conf"] = render(rendered["voicedesk-notices.conf"], _line_values(plan.lines[0]))
    for name in ("voicedesk-hotline.conf", "voicedesk-queues.conf"):
        rendered[name] = "\n".join(render(files[name], _line_values(line)) for line in plan.lines)
    for kind in ("cdr_custom", "cel", "cel_custom"):
        rendered[f"{kind}.conf"] = rendered.pop(f"voicedesk-{kind}.conf")
    return rendered


def _move_in(plan: Plan, files: dict[str, str], values: dict[str, object]) -> None:
    """Adds the files of a house to those of the same name; a line with `@PHONE@` stands for one of each phone."""
    assert plan.house is not None
    files["pjsip.conf"] += "".join(
        f"[{name}](phone)\naors = {name}\ncallerid = {name} <{name}>\n[{name}]\ntype = aor\nmax_contacts = 1\n"
        for name in plan.absent
    )
    for path in sorted((HOUSES / plan.house).glob("*.conf")):
        lines = render(path.read_text(encoding="utf-8"), values).splitlines()
        whole = [one for line in lines for one in _for_each_phone(plan, line)]
        files[path.name] = files.get(path.name, "") + "\n".join(whole) + "\n"


def _for_each_phone(plan: Plan, line: str) -> list[str]:
    if "@PHONE@" not in line:
        return [line]
    return [line.replace("@PHONE@", name) for name in (*plan.staff, *plan.absent)]


def _line_values(line: Line) -> dict[str, object]:
    return {
        "EXTENSION": line.extension,
        "LINE": line.name,
        "QUEUE": line.name,
        "QUEUE_SECONDS": line.queue_seconds,
        "STRATEGY": line.strategy,
        "RING_SECONDS": line.ring_seconds,
        "MEMBERS": line.member_lines(),
    }


def _endpoint(plan: Plan, phone: Phone) -> str:
    places = [phone, *(one for one in plan.second_contacts() if one.name == phone.name)]
    contacts = "\n".join(f"contact = {one.contact}" for one in places)
    return f"""
[{phone.name}](phone)
aors = {phone.name}
callerid = {phone.name} <{phone.extension}>
[{phone.name}]
type = aor
{contacts}
""" + ("" if phone.name.startswith("load") else _identify(phone.name, *(one.address for one in places)))


def _identify(endpoint: str, *addresses: str) -> str:
    matches = "".join(f"match = {address}\n" for address in addresses)
    return f"[{endpoint}-identify]\ntype = identify\nendpoint = {endpoint}\n{matches}"


def _trunk(plan: Plan) -> str:
    network = plan.network
    contact = f"sip:{network.trunk}:{network.phone_port}"
    return f"[trunk](line)\naors = trunk\n[trunk]\ntype = aor\ncontact = {contact}\n" + _identify(
        "trunk", network.trunk
    )


def _unreachable(plan: Plan) -> str:
    """`absent` has not registered; at the address of `deaf` nobody listens."""
    deaf = f"sip:deaf@{plan.network.prefix}.0.9:{plan.network.phone_port}"
    return (
        "[absent](phone)\naors = absent\n[absent]\ntype = aor\nmax_contacts = 1\n"
        f"[deaf](phone)\naors = deaf\n[deaf]\ntype = aor\ncontact = {deaf}\n"
    )


def _extensions(plan: Plan) -> str:
    dial = "exten => {0.extension},1,Dial(PJSIP/{0.name},30)\n same => n,Hangup(${{HANGUPCAUSE}})\n"
    return "[phones]\n" + "".join(dial.format(phone) for phone in plan.phones())
