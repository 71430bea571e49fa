"""Archives: any number of photos and videos become one table of faces, written part by part.

`sources` lists what there is, `chunks` deals it out, `analyse` is what an engine (`local`,
`cluster`) does with each chunk, `folder` keeps the parts, and `summary` reads them.
"""
