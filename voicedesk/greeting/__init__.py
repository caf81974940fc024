"""The words of the standard: greeting (S2) and forbidden phrases (S3), as pure rules over transcripts."""
