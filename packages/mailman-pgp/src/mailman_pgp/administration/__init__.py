"""What owners and operators do at the command line: `mailman pgp …`, one module for each subject."""
