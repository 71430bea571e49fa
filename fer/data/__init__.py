"""Datasets: import, the folder dataset, FER+ votes, audit."""
