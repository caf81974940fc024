"""In which language people are spoken to: `[hall] language`, and the Chinese for every English text of Voicedesk."""
