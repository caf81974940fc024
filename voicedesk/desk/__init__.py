"""What staff see and ask, whoever shows it: commands print what is here, pages render it.

`tickets`, `calls` … give pages of frozen rows as a viewer may see them; `asking` hands steps to the running service.
"""
