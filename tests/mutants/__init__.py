"""Whether the suite notices when marked code breaks: ``make mutants``.

``recording`` writes down which lines each test executes, ``operators`` says how a line can be broken, ``sampling`` draws
the mutants of a seed, ``trying`` breaks a copy of the tree and runs the tests of the line, ``run`` is the command.
"""
