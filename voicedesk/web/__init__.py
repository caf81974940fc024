"""The desk on a screen: pages that show what the store holds, and forms that ask the running service."""
