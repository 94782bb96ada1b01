"""The only room of the portal that calls the pipeline's own functions: what both must say alike is computed once.

One module per use, each importing what it needs when it is called: a process that answers pages must start without
Polars. Frames come in here and never go out: what leaves is numbers, texts, lists, mappings and bytes. Nothing is
written to the pipeline's store from here; that way leads through the drop (``ledgers.sending``) and the desk folder.
"""
