"""How people join and leave encrypted lists; found by mailman-workflows as those of any other plugin."""
