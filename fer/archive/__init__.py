"""Archives: any number of photos and videos become one table of faces, written part by part.

`sources` lists what there is, `listing` deals it into chunks, `analyse` is what an engine (`local`,
`cluster`) does with each, `folder` keeps the parts with a `manifest`, `run` is all of it, and
`summary` reads what came out.
"""
