"""The samples that came with Voicedesk, and how a hall's own catalogue begins with them."""

import shutil
from pathlib import Path

from voicedesk.catalogue.load import GROUPS, HALL, ITEMS
from voicedesk.errors import InputError
from voicedesk.texts_folder import shipped_texts

LANGUAGE = "zh_CN"


def samples_folder() -> Path:
    """The samples that came with Voicedesk."""
    return shipped_texts() / LANGUAGE


def copy_samples(target: Path) -> None:
    """A catalogue of the hall's own to begin with. Raises InputError, with nothing changed, if there is one."""
    if (target / GROUPS).exists() or (target / ITEMS).exists():
        raise InputError(f"{target} has a catalogue already: choose another folder, or edit what is there")
    target.mkdir(parents=True, exist_ok=True)
    for name in (GROUPS, HALL):
        shutil.copyfile(samples_folder() / name, target / name)
    shutil.copytree(samples_folder() / ITEMS, target / ITEMS, copy_function=shutil.copyfile)


def refuse_samples(folder: Path) -> None:
    """Raises InputError for the folder of samples: an update would take away what a hall approved there."""
    if folder.resolve() == samples_folder().resolve():
        raise InputError(
            "these are the samples that came with Voicedesk: make a catalogue of your own with "
            "voicedesk catalogue init FOLDER, and name it in the settings: [notices] folder"
        )
