"""The hall of the demonstration: three lines, six phones, six people; its settings file."""

import json
from dataclasses import dataclass
from pathlib import Path

PBX = "demo"
USER = "voicedesk"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLine:
    """A line: the number dialled, the queue behind it, the department that staff name, and the phones it rings."""

    name: str
    extension: str
    queue: str
    department: str
    phones: tuple[str, ...]


LINES = (
    DemoLine(name="社保咨询", extension="4001", queue="shebao", department="社会保险中心", phones=("6001", "6002")),
    DemoLine(name="就业服务", extension="4002", queue="jiuye", department="就业服务中心", phones=("6003", "6004")),
    DemoLine(name="劳动维权", extension="4003", queue="weiquan", department="劳动仲裁院", phones=("6005", "6006")),
)
PEOPLE = {"6001": "张敏", "6002": "李强", "6003": "王芳", "6004": "赵磊", "6005": "陈静", "6006": "刘洋"}
"""Who sits at which phone; the phone's number is the person's too. Nobody of these names is meant."""


def write_settings(
    folder: Path, *, ami_port: int, secret: str, web_port: int, language: str, zone: str, more: str = ""
) -> Path:
    """Writes the settings file of the demonstration into a folder of its own; where it lies. `more` ends it."""
    tables: list[tuple[str, dict[str, object]]] = [
        (
            "[hall]",
            {
                "name": "示范服务大厅",
                "language": language,
                "timezone": zone,
                "departments": [line.department for line in LINES],
            },
        ),
        ("[store]", {"url": "sqlite:///voicedesk.db"}),
        ("[web]", {"listen": f"127.0.0.1:{web_port}", "tls": "off"}),
        (
            "[[pbx]]",
            {
                "name": PBX,
                "host": "127.0.0.1",
                "port": ami_port,
                "username": USER,
                "secret": secret,
                "recordings": "recordings",
            },
        ),
    ]
    for line in LINES:
        phones = [f"PJSIP/{phone}" for phone in line.phones]
        told: dict[str, object] = {
            "name": line.name,
            "extensions": [line.extension],
            "queues": [line.queue],
            "pbx": PBX,
        }
        tables.append(("[[lines]]", {**told, "phones": phones, "department": line.department}))
    for phone, name in PEOPLE.items():
        tables.append(("[[phones]]", {"endpoint": f"PJSIP/{phone}", "extension": phone, "pbx": PBX}))
        tables.append(("[[agents]]", {"id": phone, "name": name, "number": phone}))
        tables.append(("[[assignments]]", {"agent": phone, "endpoint": f"PJSIP/{phone}", "pbx": PBX}))
    (folder / "recordings").mkdir(exist_ok=True)
    file = folder / "voicedesk.toml"
    # strings, numbers and lists of strings look the same in JSON and TOML
    text = "\n".join(
        title + "\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        for title, values in tables
    )
    file.write_text(f"{text}\n{more}", encoding="utf-8")
    file.chmod(0o600)
    return file
