"""Words and HTML that the app and the dashboard share."""
