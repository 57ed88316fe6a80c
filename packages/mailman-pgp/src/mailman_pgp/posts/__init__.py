"""What becomes of a post: received, judged, sealed, composed."""
