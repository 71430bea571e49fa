"""Measurements that the documents quote; each script rewrites the file it is quoted from."""
