"""Files of other programs that hold force constants or Born charges, and how they are read."""
