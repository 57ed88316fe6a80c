"""Commands by mail: read, proved, asked about, run once, and answered.

Nothing here believes a From line.  `letters` says what came and who has signed it, `grammar` what is wanted, `asking` asks the
person by a code that travels encrypted only, `commands` do it, and `conversing` has them all take their turns.
"""
