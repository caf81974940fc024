"""`voicedesk doctor`: is everything as it must be, and if not, what to do."""

from typing import Annotated

import typer

from voicedesk.cli.common import ERROR, ConfigOption, JsonOption, say, say_as_it_is, say_json, wait
from voicedesk.clock import now_us
from voicedesk.doctor.examine import examine
from voicedesk.doctor.finding import Finding, Grade
from voicedesk.doctor.words import MARKS, subject_words
from voicedesk.hall.switches import address_of, dial_address_of, pause_address_of
from voicedesk.language.translate import translated
from voicedesk.settings import read_settings
from voicedesk.words import SPOKEN, Language, in_both, word

ListenOption = Annotated[
    float, typer.Option("--listen", min=0, max=3600, help="Seconds to listen to each PBX; a call shows more.")
]


def doctor(config: ConfigOption = None, listen: ListenOption = 1.0, json: JsonOption = False) -> None:
    """Check every PBX, its phones, queues and last day's calls, database, spill file, disk, calendar; change nothing.

    Example: `voicedesk doctor --config /etc/voicedesk/voicedesk.toml`

    Exit code 1 if anything is bad.
    """
    loaded = read_settings(config)
    addresses = [address_of(pbx) for pbx in loaded.settings.pbx]
    pausers = [pause_address_of(pbx) for pbx in loaded.settings.pbx if pbx.pause_username]
    diallers = [dial_address_of(pbx) for pbx in loaded.settings.pbx if pbx.dial_username]
    looks = examine(
        loaded.settings,
        addresses,
        now_us,
        pausers=pausers,
        diallers=diallers,
        file=loaded.file,
        listen_seconds=listen,
    )
    findings = wait(looks)
    if json:
        say_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            _tell(finding)
    if any(finding.grade is Grade.BAD for finding in findings):
        raise typer.Exit(ERROR)


def _tell(finding: Finding) -> None:
    language = SPOKEN.get() or Language.ENGLISH
    mark, subject = word(MARKS, finding.grade, language), subject_words(finding.subject, language)
    between = "：" if language is Language.CHINESE else ": "
    say_as_it_is(f"{mark} {subject}{between}{translated(finding.what, of_parts=True)}")
    if finding.why and finding.grade is not Grade.GOOD:
        say(f"       {in_both('原因', 'why')}: {translated(finding.why, of_parts=True)}")
    if finding.cure:
        say(f"       {in_both('处理', 'do')}:  {translated(finding.cure, of_parts=True)}")
