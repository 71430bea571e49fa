"""What the app and the dashboard share in look and words, and the parts of the app."""
