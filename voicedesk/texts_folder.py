"""Where the texts that came with Voicedesk are: the frames, and the samples of the notice catalogue."""

from pathlib import Path


def shipped_texts(package: Path = Path(__file__).parent) -> Path:
    """The folder `prompts/`, with one folder for each language: in the installed package, or in the checkout."""
    installed = package / "_prompts"
    return installed if installed.is_dir() else package.parent / "prompts"
