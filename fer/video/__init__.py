"""Video files: read, analyse, write."""
