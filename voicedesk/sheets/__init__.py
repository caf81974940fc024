"""What the desk holds as tables for people: columns, rows and words, for a spreadsheet and for a page alike."""
