"""The doctor: looks at everything Voicedesk stands on, and says what is wrong and how to cure it."""
