"""Another site key: all that is sealed under the one of before is sealed anew."""
