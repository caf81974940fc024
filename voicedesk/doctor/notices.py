"""What `doctor` says of the notice catalogue: what callers are told, and what they are told no more (S5)."""

from datetime import date

from voicedesk.catalogue.check import check
from voicedesk.catalogue.model import Catalogue, Problem
from voicedesk.clock import NowUs, to_datetime
from voicedesk.doctor.finding import Finding
from voicedesk.errors import InputError
from voicedesk.hall.prompts import catalogue_of
from voicedesk.settings import Settings

_CHECK = "voicedesk catalogue check"
_ANSWERED = "a caller who asks for it reaches a person, or leaves a callback request"


def check_notices(settings: Settings, now: NowUs) -> list[Finding]:
    """Of a hall that has an IVR or a catalogue of its own: what keeps items from being told, else how many are."""
    if settings.ivr.address is None and settings.notices.folder is None:
        return []
    today = to_datetime(now()).astimezone(settings.hall.zone).date()
    try:
        catalogue = catalogue_of(settings)
    except InputError as error:
        return [
            Finding.bad(
                "notices", "catalogue", str(error), "callers are told nothing", "voicedesk catalogue init FOLDER"
            )
        ]
    found = check(catalogue, today)
    wrong = [one for one in found if not one.is_remark]
    soon = [one for one in found if one.is_remark and "expires on" in one.text]
    return [*(_wrong(one) for one in wrong), *(_soon(one) for one in soon), _told(catalogue, settings, today)]


def _wrong(problem: Problem) -> Finding:
    return Finding.bad("notices", "catalogue", str(problem), _ANSWERED, _CHECK)


def _soon(problem: Problem) -> Finding:
    return Finding.note("notices", "catalogue", str(problem), "then callers are told nothing of it", _CHECK)


def _told(catalogue: Catalogue, settings: Settings, today: date) -> Finding:
    told = catalogue.spoken_on(today, samples=settings.notices.samples)
    samples = sum(one.publication is None for one in told)
    if samples:
        what = f"{len(told)} items are told, {samples} of them samples that no hall approved"
        return Finding.note(
            "notices", "catalogue", what, "it is not this hall's word", "publish them, then [notices] samples = false"
        )
    if not told:
        what = "callers are told of no item: none is published"
        return Finding.note(
            "notices", "catalogue", what, _ANSWERED, "voicedesk catalogue publish ITEM --approver NAME --expires DATE"
        )
    return Finding.good("notices", "catalogue", f"{len(told)} items are told, all of them approved")
