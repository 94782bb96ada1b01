"""What a user may see: one predicate for every list, page, file, background job and address for programs.

``resources`` names what can be seen; ``rules`` says of each, once, which rows exist for a user; ``judging`` asks. A view
declares what its address names (``access.page(shows=…)``) and is not entered for what does not exist for the user; lists
are ``seen(…)`` filtered further; a job is judged again when it runs and when its file is fetched. ADR 0033.

Reads models only, and is imported by everybody: ``rules`` is loaded when the first question is asked.
"""
