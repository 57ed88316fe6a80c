"""What plugins of GNU Mailman 3 need that bring tables and texts of their own.

Importing it loads nothing of Mailman Core: `mailman_plugin_kit.database` does, the others do not.
"""
