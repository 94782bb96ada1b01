"""DOOR: the command line, the settings and the clock; and ``daicho.store``, the store that all rooms share."""
