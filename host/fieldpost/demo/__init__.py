"""The main job end to end: two meshes, six boards, two bridges, one joint picture.

`cast` says who there is, `play` what happens, `report` what a person sees of it.
"""
