"""The evidence of two PBXs never shares a name."""

from datetime import UTC
from pathlib import Path

import numpy as np
from voicedesk.jobs.hearing import recordings


def test_recordings_of_two_pbxs_with_chinese_names_and_equal_channel_ids_are_both_kept(tmp_path: Path) -> None:
    names = []
    for pbx in ("主厅", "分厅", "main"):
        source = tmp_path / "1795421286.7.sln48"
        source.write_bytes(np.zeros(48_000, np.int16).tobytes())
        names.append(recordings.keep(source, tmp_path / "kept", pbx, 1_795_421_290_000_000, UTC))
    assert len(set(names)) == 3
    assert names[2] == "2026-11-23/main-1795421286.7.wav"
    assert all((tmp_path / "kept" / name).is_file() for name in names)
