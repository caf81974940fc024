"""What the demonstration retells: conversations that real switches had, and greetings of synthetic voices."""

from functools import cache
from pathlib import Path

from voicedesk.ami.message import AmiEvent
from voicedesk.ami.recorded import RecordedConversation
from voicedesk.plain_files import read_plain

CONVERSATIONS = (
    "queue_answered",
    "busy_then_colleague",
    "declined_603",
    "abandoned_in_first_ring",
    "abandoned_past_the_limit",
    "queue_times_out",
)
"""Names in `tests/captures`, whose README says what happens in each. `pyproject.toml` puts these into the package."""
GREETINGS = {
    "社会保险中心": (
        "0123_compliant_Michael_keys_pressed",
        "0124_compliant_Michael_keys_pressed",
        "0099_compliant_Diogo_hum",
        "0086_polite_edward2_a_law",
        "0027_no_hello_linda_a_law",
        "0052_matter_before_department_linda_a_law",
        "0077_forbidden_Michael_a_law",
    ),
    "就业服务中心": (
        "0002_compliant_Diogo_a_law",
        "0004_compliant_Diogo_a_law",
        "0100_compliant_linda_hum",
        "0081_exempt_klatt6_a_law",
        "0016_wei_alone_edward2_a_law",
        "0061_wrong_department_edward2_a_law",
    ),
    "劳动仲裁院": (
        "0001_compliant_linda_a_law",
        "0003_compliant_edward2_a_law",
        "0107_compliant_Diogo_room",
        "0085_exempt_norbert_a_law",
        "0042_only_hello_Diogo_a_law",
        "0080_forbidden_pedro_a_law",
    ),
}
"""By department: names in `audio_fixtures`. The first four of each are as they should be."""
AS_IT_SHOULD_BE = 4
_PACKAGE = Path(__file__).parent.parent
_INSTALLED = _PACKAGE / "_demo"


def conversation_file(name: str) -> Path:
    """Where a conversation lies: in the installed package, or in the checkout."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "tests" / "captures"
    return folder / f"{name}.raw"


def greeting_file(name: str) -> Path:
    """Where a greeting lies."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "audio_fixtures"
    return folder / f"{name}.wav"


@cache
def conversation(name: str) -> tuple[AmiEvent, ...]:
    """What the switch told of one call, in order: live events only, not what it lists when somebody signs in."""
    events = RecordedConversation().receive_data(read_plain(conversation_file(name)))
    return tuple(
        event
        for event in events
        if event.timestamp_us is not None
        and event.name not in ("FullyBooted", "UserEvent")
        and not event.get("ActionID")
    )
