"""Charts: what is drawn of a run and of a verdict, each from plain numbers to one drawing."""
