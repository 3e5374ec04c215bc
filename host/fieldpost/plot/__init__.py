"""A timeline as a picture: what is drawn (`drawn`), where and in which unit (`axis`), and as what marks (`svg`)."""
