"""Links: the only modules that move bytes in and out. They decide nothing."""
