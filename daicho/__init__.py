"""DOOR: the command line, the settings and the clock; and ``daicho.store``, which all rooms share."""
