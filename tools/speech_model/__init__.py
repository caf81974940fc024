"""The recipe of the embedded speech model: synthetic speech in, a Vosk model out. Not part of the package."""
