"""One module an area; the first part of each line's name is the area's."""
