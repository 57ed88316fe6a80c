"""The workflows that come with this plugin, found like those of any other."""
