"""Whisper by CTranslate2: a recogniser that learned from people. Needs the extra `people`."""
